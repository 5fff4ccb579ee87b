import { expect, test } from 'vitest'
import { kernelError } from '../../kernel/errors.ts'
import { engineError } from '../engine.errors.ts'
import { type ReadRun, readInRuns } from './runs.ts'

/** A document of `total` pages, four a run; on `deadly` pages the child ends, after having begun the run twice. */
const scripted = (total: number, deadly: readonly number[]): ReadRun & { starts: number[] } => {
  const starts: number[] = []
  const read: ReadRun = async (from, onPage) => {
    starts.push(from)
    for (const _ of deadly.length > 0 ? [1, 2] : [1])
      for (let number = from; number < from + 4 && number <= total; number++) {
        if (deadly.includes(number)) break
        await onPage({ page: { number, state: 'read', text: `${number}` }, total })
      }
    const last = Math.min(total, from + 3)
    if (deadly.some((number) => number >= from && number <= last)) throw engineError('engine.crashed')
    return { title: 'T', total, engine: 'e' }
  }
  return Object.assign(read, { starts })
}

async function pagesOf(read: ReadRun, signal?: AbortSignal, skip?: ReadonlySet<number>) {
  const pages: string[] = []
  const onPage = ({ error, number, state }: { error?: string | undefined; number: number; state: string }) =>
    void pages.push(`${number} ${state}${error === undefined ? '' : ` ${error}`}`)
  return { answer: await readInRuns(read, { onPage, signal, skip }), pages }
}

test('a long document in several runs, each page once', async () => {
  const read = scripted(10, [])
  const { answer, pages } = await pagesOf(read)
  expect(pages).toEqual(Array.from({ length: 10 }, (_, n) => `${n + 1} read`))
  expect(read.starts).toEqual([1, 5, 9])
  expect(answer).toEqual({ title: 'T', total: 10, engine: 'e' })
})

test('a page that ends the child is failed, the others are read once', async () => {
  const { pages } = await pagesOf(scripted(6, [3]))
  expect(pages).toEqual(['1 read', '2 read', '3 failed engine.crashed', '4 read', '5 read', '6 read'])
})

test('so is the last page', async () => {
  const { answer, pages } = await pagesOf(scripted(3, [3]))
  expect(pages.at(-1)).toBe('3 failed engine.crashed')
  expect(answer).toMatchObject({ title: null, total: 3 })
})

test('known pages are passed over, at the start, in the middle and at the end', async () => {
  const read = scripted(9, [])
  expect((await pagesOf(read, undefined, new Set([1, 2, 5, 6, 7, 8, 9]))).pages).toEqual(['3 read', '4 read'])
  expect(read.starts).toEqual([3])
  const all = await pagesOf(scripted(2, []), undefined, new Set([1, 2]))
  expect(all).toMatchObject({ pages: [], answer: { total: 2 } })
})

test('not for ever', async () => {
  await expect(pagesOf(scripted(20, [2, 4, 6, 8, 10]))).rejects.toMatchObject({ code: 'engine.crashed' })
})

test('a document that ends the child before any page is known fails, and so does one of its own error', async () => {
  await expect(pagesOf(() => Promise.reject(engineError('engine.crashed')))).rejects.toMatchObject({
    code: 'engine.crashed',
  })
  const halfway: ReadRun = async (_, onPage) => {
    await onPage({ page: { number: 1, state: 'read', text: '' }, total: 2 })
    throw engineError('file.unreadable')
  }
  await expect(pagesOf(halfway)).rejects.toMatchObject({ code: 'file.unreadable' })
})

test('told to stop, it makes up no failed pages', async () => {
  const halfway: ReadRun = async (_, onPage) => {
    await onPage({ page: { number: 1, state: 'read', text: '' }, total: 2 })
    throw kernelError('call.timeout')
  }
  await expect(pagesOf(halfway, AbortSignal.abort())).rejects.toMatchObject({ code: 'call.timeout' })
})
