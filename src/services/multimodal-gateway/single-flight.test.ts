import { describe, expect, it } from 'vitest'
import { createSingleFlight, type InFlight } from './single-flight.ts'

describe('single flight', () => {
  it('works once for all that ask at once, and again for who comes later', async () => {
    const flights = createSingleFlight<number>()
    let runs = 0
    const heard: number[] = []
    const work = async ({ onProgress }: InFlight<never>) => {
      await Promise.resolve()
      onProgress(0.5)
      return ++runs
    }
    const { signal } = new AbortController()
    const all = await Promise.all(
      [1, 2, 3].map(() => flights.run('k', work, { signal, onProgress: (share) => heard.push(share) })),
    )
    expect(all).toEqual([1, 1, 1])
    expect(heard).toEqual([0.5, 0.5, 0.5])
    expect(await flights.run('k', work, { signal })).toBe(2)
  })

  it('goes on while one still waits, and stops when the last is gone', async () => {
    const flights = createSingleFlight<never>()
    let stopped = false
    const work = ({ signal }: InFlight<never>) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => {
          stopped = true
          reject(signal.reason)
        })
      })
    const [one, two] = [new AbortController(), new AbortController()]
    const first = flights.run('k', work, { signal: one.signal })
    const second = flights.run('k', work, { signal: two.signal })
    one.abort(new Error('one'))
    await expect(first).rejects.toThrow('one')
    expect(stopped).toBe(false)
    two.abort(new Error('two'))
    await expect(second).rejects.toThrow('two')
    expect(stopped).toBe(true)
  })

  it('tells who joins late what was ready before', async () => {
    const flights = createSingleFlight<string, string>()
    let finish = () => {}
    const work = async ({ onPartial }: InFlight<string>) => {
      onPartial('a')
      await new Promise<void>((resolve) => (finish = resolve))
      onPartial('b')
      return 'ab'
    }
    const { signal } = new AbortController()
    const heard: string[][] = [[], []]
    const first = flights.run('k', work, { signal, onPartial: (one) => heard[0]?.push(one) })
    const second = flights.run('k', work, { signal, onPartial: (one) => heard[1]?.push(one) })
    finish()
    expect(await Promise.all([first, second])).toEqual(['ab', 'ab'])
    expect(heard).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ])
  })
})
