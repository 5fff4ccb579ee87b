import { expect, test } from 'vitest'
import { AppError } from '../../kernel/errors.ts'
import { ParsedPage, type Parser } from './parser.ts'

const MINUTES = { timeout: 120_000 }
const long = new TextEncoder().encode('Речення за реченням, і так без кінця.\n\n'.repeat(400))
const document = { bytes: long, mime: 'text/plain', name: 'long_letter.txt' }

/** What every parser must do. */
export function parserConformance(name: string, make: () => Parser): void {
  const codeOf = async (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'nothing failed',
      (error: unknown) => AppError.from(error).code,
    )

  test(`${name} hands over every page once, in order, and says how many`, MINUTES, async () => {
    const pages: ParsedPage[] = []
    const totals = new Set<number>()
    const answer = await make().parse(document, {
      onPage: (page, total) => {
        pages.push(ParsedPage.parse(page))
        totals.add(total)
      },
    })
    expect(answer).toMatchObject({ title: 'long letter', engine: expect.any(String) })
    expect(answer.total).toBeGreaterThan(3)
    expect([...totals]).toEqual([answer.total])
    expect(pages.map(({ number }) => number)).toEqual(Array.from({ length: answer.total }, (_, n) => n + 1))
    expect(pages.map(({ text }) => text).join('\n\n').length).toBeGreaterThan(400 * 35)
  })

  test(`${name} tells how far it is, and that it is done`, MINUTES, async () => {
    const shares: number[] = []
    await make().parse(document, { onPage: () => {}, onProgress: (share) => void shares.push(share) })
    expect(shares.at(-1)).toBe(1)
    expect(shares).toEqual([...shares].sort((a, b) => a - b))
  })

  test(`${name} opens what is not locked, whatever password it is given`, MINUTES, async () => {
    const { total } = await make().parse(document, { onPage: () => {}, password: 'слово' })
    expect(total).toBeGreaterThan(3)
  })

  test(`${name} leaves out pages that are known`, MINUTES, async () => {
    const numbers: number[] = []
    const skip = new Set([1, 3])
    const { total } = await make().parse(document, {
      onPage: ({ number }) => void numbers.push(number),
      skip,
    })
    expect(numbers).toEqual(
      Array.from({ length: total }, (_, n) => n + 1).filter((number) => !skip.has(number)),
    )
  })

  test(`${name} waits for a slow reader`, MINUTES, async () => {
    let reading = 0
    let most = 0
    await make().parse(document, {
      onPage: async () => {
        most = Math.max(most, ++reading)
        for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
        reading--
      },
    })
    expect(most).toBe(1)
  })

  test(`${name} ends with the reader's own error`, MINUTES, async () => {
    const error = new AppError('conflict', 'test.enough', 'Enough.')
    let pages = 0
    const parsing = make().parse(document, {
      onPage: () => {
        if (++pages === 2) throw error
      },
    })
    expect(await codeOf(parsing)).toBe('test.enough')
    expect(pages).toBe(2)
  })

  test(`${name} stops when told, before and in the middle`, MINUTES, async () => {
    expect(await codeOf(make().parse(document, { onPage: () => {}, signal: AbortSignal.abort() }))).toBe(
      'call.cancelled',
    )
    const stop = new AbortController()
    let pages = 0
    const onPage = (): void => {
      pages++
      stop.abort()
    }
    expect(await codeOf(make().parse(document, { onPage, signal: stop.signal }))).toBe('call.cancelled')
    expect(pages).toBe(1)
  })

  test(`${name} refuses nothing at all`, MINUTES, async () => {
    const empty = { ...document, bytes: new Uint8Array(0) }
    expect(await codeOf(make().parse(empty, { onPage: () => {} }))).toBe('file.empty')
  })
}
