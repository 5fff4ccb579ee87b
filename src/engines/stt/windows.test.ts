import { expect, test } from 'vitest'
import { FRAME_S, speechSpans, windowsOf } from './windows.ts'

/** Probabilities of stretches given as [seconds, probability]. */
const sound = (...parts: readonly (readonly [number, number])[]): Float32Array =>
  Float32Array.from(
    parts.flatMap(([seconds, value]) => Array.from({ length: Math.round(seconds / FRAME_S) }, () => value)),
  )

test('nobody speaks, or something clicks: no span', () => {
  expect(speechSpans(sound([10, 0.1]))).toEqual([])
  expect(speechSpans(sound([1, 0], [0.064, 0.9], [1, 0]))).toEqual([])
})

test('a short pause belongs to the speech, a long one parts it; a weak ending is kept', () => {
  const spans = speechSpans(sound([1, 0], [2, 0.9], [0.2, 0.1], [2, 0.9], [0.5, 0.4], [1, 0.1], [1, 0.8]))
  expect(spans).toHaveLength(2)
  expect(spans[0]?.start).toBeCloseTo(1, 1)
  expect(spans[0]?.end).toBeCloseTo(5.7, 1)
  expect(spans[1]?.start).toBeCloseTo(6.7, 1)
})

test('as many spans as fit share a window, cut at pauses', () => {
  const probabilities = sound(
    ...Array.from(
      { length: 6 },
      () =>
        [
          [9, 0.9],
          [1, 0],
        ] as const,
    ).flat(),
  )
  const windows = windowsOf(speechSpans(probabilities), probabilities, 28)
  expect(windows).toHaveLength(3)
  for (const [n, { end, start }] of windows.entries()) {
    expect(end - start).toBeLessThanOrEqual(28)
    expect(start).toBeCloseTo(Math.max(0, n * 20 - 0.25), 0)
    expect(end).toBeCloseTo(n * 20 + 19.25, 0)
  }
})

test('speech without a pause is cut where it is least likely, and nothing of it is lost or heard twice', () => {
  const probabilities = sound([24, 0.9], [0.1, 0.6], [60, 0.9])
  const spans = speechSpans(probabilities)
  expect(spans).toHaveLength(1)
  const windows = windowsOf(spans, probabilities, 28)
  expect(windows[0]?.end).toBeCloseTo(24.25, 0)
  for (const [n, { end, start }] of windows.entries()) {
    expect(end - start).toBeLessThanOrEqual(28)
    if (n > 0) expect(start).toBe(windows[n - 1]?.end)
  }
  expect(windows.at(-1)?.end).toBeCloseTo(84.1, 1)
})
