import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFrames, joined } from './frames.ts'

function read(bytes: Buffer, cuts: readonly number[] = []) {
  const frames = createFrames()
  const points = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  let from = 0
  return [...points, bytes.length].flatMap((to) => {
    const some = frames.push(bytes.subarray(from, to))
    from = to
    return some
  })
}

const texts = (text: string, cuts?: readonly number[]) =>
  read(Buffer.from(text), cuts).map(({ data }) => data)

test('events come out the same wherever the bytes are cut, and go on as they came', () => {
  const data = fc.stringMatching(/^[a-zї€😀 ]{1,12}$/u)
  void fc.assert(
    fc.property(
      fc.array(data, { minLength: 1 }),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.array(fc.nat()),
      (all, eol, cuts) => {
        const frames = read(Buffer.from(all.map((line) => `data: ${line}${eol}${eol}`).join('')), cuts)
        // A last CR may be half of a CRLF: the event waits for what follows.
        const whole = eol === '\r' ? all.slice(0, -1) : all
        expect(frames.map((frame) => frame.data)).toEqual(whole)
        if (whole.length > 0)
          expect(joined(frames).toString()).toBe(whole.map((line) => `data: ${line}\n\n`).join(''))
      },
    ),
  )
})

test('comments and other fields are passed over, several data lines are one event', () => {
  expect(texts(': ping\n\nevent: x\nid: 4\ndata: a\ndata:b\n\ndata\n\n')).toEqual(['a\nb', ''])
})

test('an event without its end is dropped', () => {
  expect(texts('data: a\n\ndata: b\n')).toEqual(['a'])
})

test('bytes that are no text, and an event without end, are refused', () => {
  expect(() => read(Buffer.from([100, 97, 255, 10, 10]))).toThrow(TypeError)
  const frames = createFrames()
  const drip = Buffer.alloc(65_536, 'a')
  expect(() => {
    for (let i = 0; i < 100; i++) frames.push(drip)
  }).toThrow(/too long/)
})
