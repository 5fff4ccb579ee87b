import { expect, test } from 'vitest'
import { AppError } from '../../kernel/errors.ts'
import { type Segment, type Stt, Transcript } from './stt.ts'

export interface SttSubject {
  readonly stt: Stt
  /** Somebody speaks in it. */
  readonly speech: { bytes: Uint8Array; mime: string }
  /** Nobody does. */
  readonly silence: { bytes: Uint8Array; mime: string }
}

/** What every driver of speech to text does. `subject` is made once and shared; who calls closes it. */
export function sttConformance(subject: () => SttSubject): void {
  test('has a name and is able', async () => {
    const { stt } = subject()
    expect(stt.name).toMatch(/^[a-z]+$/)
    expect(await stt.missing()).toBeNull()
  })

  test('says what was said, by whom it was heard, in which language and when', async () => {
    const { speech, stt } = subject()
    const shares: number[] = []
    const found = Transcript.parse(
      await stt.transcribe(speech, { onProgress: (share) => shares.push(share) }),
    )
    expect(found.speech).toBe(true)
    expect(found.text).not.toBe('')
    expect(found.language).toMatch(/^[a-z]{2,3}$/)
    expect(found.engine.startsWith(`${stt.name}/`)).toBe(true)
    expect(found.segments.map(({ text }) => text).join(' ')).toBe(found.text)
    let at = 0
    for (const { end, start } of found.segments) {
      expect(start).toBeGreaterThanOrEqual(at)
      expect(end).toBeGreaterThanOrEqual(start)
      at = start
    }
    expect(at * 1000).toBeLessThanOrEqual(found.durationMs)
    expect(shares.at(-1)).toBe(1)
    expect(shares.every((share, n) => share >= (shares[n - 1] ?? 0) && share <= 1)).toBe(true)
  })

  test('tells each stretch as it is heard: together they are the transcript; times of words only where they are heard', async () => {
    const { speech, stt } = subject()
    const told: Segment[] = []
    const found = await stt.transcribe(speech, { words: true, onPartial: (segment) => told.push(segment) })
    expect(told).toEqual(found.segments)
    for (const { end, start, text, words } of found.segments) {
      if (!words) continue
      expect(words.map(({ word }) => word).join(' ')).toBe(text)
      let at = start
      for (const word of words) {
        expect(word.start).toBeGreaterThanOrEqual(at)
        expect(word.end).toBeGreaterThanOrEqual(word.start)
        at = word.start
      }
      expect(words.at(-1)?.end).toBeLessThanOrEqual(end)
    }
  })

  test('hears no words where nobody speaks', async () => {
    const { silence, stt } = subject()
    expect(await stt.transcribe(silence)).toMatchObject({
      speech: false,
      text: '',
      segments: [],
      language: null,
    })
  })

  test('refuses an empty file', async () => {
    const { speech, stt } = subject()
    const error = await failure(stt.transcribe({ ...speech, bytes: new Uint8Array(0) }))
    expect(error.code).toBe('file.empty')
  })

  test('stops when it is told to, before and on the way', async () => {
    const { speech, stt } = subject()
    const reason = AbortSignal.abort()
    expect((await failure(stt.transcribe(speech, { signal: reason }))).code).toBe('call.cancelled')
    const abort = new AbortController()
    const underWay = failure(stt.transcribe(speech, { signal: abort.signal }))
    setImmediate(() => abort.abort())
    expect((await underWay).code).toBe('call.cancelled')
  })
}

const failure = (promise: Promise<unknown>): Promise<AppError> =>
  promise.then(
    () => expect.fail('should have failed'),
    (error: unknown) => (error instanceof AppError ? error : expect.fail(`no AppError: ${error}`)),
  )
