import { expect, test } from 'vitest'
import type { WebSearch } from './web-search.ts'

/** What every driver of web search does. The world behind the subject knows at least two articles on «кабель», none on «щучезна». */
export function webSearchConformance(subject: () => WebSearch): void {
  const languages = ['uk', 'en'] as const

  test('is able, and has a name', async () => {
    expect(await subject().missing()).toBeNull()
    expect(subject().name).toMatch(/^[a-z][a-z\d-]*$/)
  })

  test('names places that can be opened, as plain text, no more than asked for', async () => {
    const { engine, hits } = await subject().search('кабель', { languages, limit: 5 })
    expect(engine).not.toBe('')
    expect(hits.length).toBeGreaterThanOrEqual(2)
    for (const hit of hits) {
      expect(new URL(hit.url).protocol).toMatch(/^https?:$/)
      expect([hit.title, hit.site]).not.toContain('')
      expect(`${hit.title}${hit.text}`).not.toMatch(/<\w+[^>]*>/)
    }
    expect((await subject().search('кабель', { languages, limit: 1 })).hits).toHaveLength(1)
  })

  test('finds nothing where there is nothing, and says so', async () => {
    expect((await subject().search('щучезна', { languages, limit: 5 })).hits).toEqual([])
  })

  test('stops when it is told to', async () => {
    const gone = new AbortController()
    gone.abort()
    const search = subject().search('кабель', { languages, limit: 5, signal: gone.signal })
    await expect(search).rejects.toMatchObject({ code: 'call.cancelled' })
  })
}
