import { expect, test } from 'vitest'
import { bars } from './peaks.ts'

test('a bar is as tall as its loudest sample, of the loudest of all', () => {
  expect(bars(Float32Array.of(0.1, -0.5, 0, 0.25, 0, 0), 3)).toEqual([1, 0.5, 0])
})

test('silence stays low', () => {
  expect(Math.max(...bars(new Float32Array(600).fill(0.0001)))).toBeLessThan(0.02)
})
