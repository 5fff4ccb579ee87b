import { expect, test } from 'vitest'
import { ctcWords } from './ctc.ts'
import { onnxMetadata } from './onnx-metadata.ts'
import { boundsOf, slantedAround } from './slanted.ts'
import { textRegions } from './text-regions.ts'

test('a repeated letter is one, but for a nothing between; spaces part words', () => {
  const characters = ['a', 'b']
  // _ a a _ a (space) b b
  const classes = [0, 1, 1, 0, 1, 3, 2, 2]
  const shares = new Float32Array(classes.length * 4)
  for (const [step, best] of classes.entries()) shares[step * 4 + best] = 0.75
  expect(ctcWords({ shares, steps: classes.length, classes: 4 }, characters)).toEqual([
    { text: 'aa', confidence: 0.75, from: 0, to: 5 },
    { text: 'b', confidence: 0.75, from: 6, to: 8 },
  ])
})

test('the smallest box about slanted points', () => {
  const angle = 0.2
  const points = [-50, 50].flatMap((u) =>
    [-5, 5].map((v) => ({
      x: 100 + u * Math.cos(angle) - v * Math.sin(angle),
      y: 80 + u * Math.sin(angle) + v * Math.cos(angle),
    })),
  )
  const box = slantedAround([...points, { x: 100, y: 80 }])
  expect(box.width).toBeCloseTo(100)
  expect(box.height).toBeCloseTo(10)
  expect(box.angle).toBeCloseTo(angle)
  const { x0, x1 } = boundsOf(box, 0, 0.5)
  expect(x0).toBeCloseTo(Math.min(...points.map(({ x }) => x)))
  expect(x1).toBeLessThan(103)
})

test('regions of writing: faint and tiny ones are none, the others are grown', () => {
  const [width, height] = [60, 40]
  const shares = new Float32Array(width * height)
  const fill = (x0: number, y0: number, x1: number, y1: number, share: number) => {
    for (let y = y0; y < y1; y++) shares.fill(share, y * width + x0, y * width + x1)
  }
  fill(10, 10, 40, 16, 0.9)
  fill(10, 25, 40, 31, 0.4)
  fill(50, 3, 52, 5, 0.9)
  const regions = textRegions({ shares, width, height })
  expect(regions).toHaveLength(1)
  expect(regions[0]).toMatchObject({ x: 25, y: 13, angle: 0 })
  expect(regions[0]?.height).toBeCloseTo(6 + 2 * ((30 * 6 * 1.6) / 72))
})

test('what an ONNX file says of itself; one that is cut short is told', () => {
  const entry = Buffer.concat([
    Buffer.from([10, 1]),
    Buffer.from('k'),
    Buffer.from([18, 3]),
    Buffer.from('a\nb'),
  ])
  const file = Buffer.concat([
    Buffer.from([8, 10, 58, 200, 1]),
    Buffer.alloc(200),
    Buffer.from([114, entry.length]),
    entry,
  ])
  expect(onnxMetadata(file)).toEqual(new Map([['k', 'a\nb']]))
  expect(() => onnxMetadata(file.subarray(0, 4))).toThrow('cut short')
})
