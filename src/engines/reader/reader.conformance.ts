import { expect, test } from 'vitest'
import type { Reader } from './reader.ts'

/** What every driver of reading does. The world behind the subject has a page «Графік» at `/page`, which speaks of the fourteenth of the month, and nothing at `/nothing`. */
export function readerConformance(subject: () => { reader: Reader; site: string }): void {
  test('is able, and has a name', async () => {
    const { reader } = subject()
    expect(await reader.missing()).toBeNull()
    expect(reader.name).toMatch(/^[a-z][a-z\d-]*$/)
  })

  test('gives the words of a page, where it came from, and who read it', async () => {
    const { reader, site } = subject()
    const page = await reader.read(`${site}/page`)
    expect(page).toMatchObject({ url: `${site}/page`, title: 'Графік' })
    expect(page.markdown).toContain('14 числа')
    expect(page.engine.startsWith(`${reader.name}/`)).toBe(true)
  })

  test('says that there is nothing where there is nothing', async () => {
    const { reader, site } = subject()
    await expect(reader.read(`${site}/nothing`)).rejects.toMatchObject({
      code: 'engine.refused',
      params: { status: 404 },
      retryable: false,
    })
  })

  test('stops when it is told to', async () => {
    const { reader, site } = subject()
    const work = reader.read(`${site}/later`, { signal: AbortSignal.abort() })
    await expect(work).rejects.toMatchObject({ code: 'call.cancelled' })
  })
}
