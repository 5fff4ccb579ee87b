import { describe, expect, it } from 'vitest'
import { bands, createSketch, sameShare } from './sketch.ts'

const sketchOf = (...texts: string[]) => {
  const sketch = createSketch()
  for (const text of texts) sketch.add(text)
  return sketch.done() ?? []
}
const sentences = (from: number, to: number) =>
  Array.from(
    { length: to - from },
    (_, i) => `Пункт ${from + i} договору каже про оренду будинку ${from + i}.`,
  )

describe('the sketch of a document', () => {
  it('tells nearly the same from another, however it is cut into pages', () => {
    const whole = sketchOf(sentences(0, 200).join(' '))
    const paged = sketchOf(sentences(0, 100).join(' '), sentences(100, 200).join(' '))
    expect(sameShare(whole, paged)).toBe(1)
    const changed = sketchOf([...sentences(0, 190), ...sentences(900, 910)].join(' '))
    expect(sameShare(whole, changed)).toBeGreaterThan(0.75)
    expect(bands(changed).some((band) => bands(whole).includes(band))).toBe(true)
    const other = sketchOf(sentences(500, 700).join(' '))
    expect(sameShare(whole, other)).toBeLessThan(0.4)
  })

  it('is none where there are too few words', () => {
    expect(sketchOf('Двері.')).toEqual([])
  })
})
