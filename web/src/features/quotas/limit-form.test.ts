import { expect, test } from 'vitest'
import { gigabytes } from './limit-form.tsx'

test('gigabytes are read as people of both languages write them', () => {
  expect([gigabytes('2,5'), gigabytes(' 0.001 '), gigabytes('0')]).toEqual([2_500_000_000, 1_000_000, 0])
  for (const typed of ['', '-1', '1e9', '2,5,1', 'багато', '9'.repeat(9)]) expect(gigabytes(typed)).toBeNull()
})
