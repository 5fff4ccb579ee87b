import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readSse } from './sse.ts'

async function* bytesOf(text: string, cuts: readonly number[]) {
  const bytes = new TextEncoder().encode(text)
  const points = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  let from = 0
  for (const to of [...points, bytes.length]) {
    yield bytes.slice(from, to)
    from = to
  }
}

async function read(text: string, cuts: readonly number[] = []): Promise<string[]> {
  const events: string[] = []
  for await (const data of readSse(bytesOf(text, cuts))) events.push(data)
  return events
}

test('events come out the same wherever the bytes are cut', async () => {
  const data = fc.stringMatching(/^[a-zї€😀 ]{1,12}$/u)
  await fc.assert(
    fc.asyncProperty(
      fc.array(data, { minLength: 1 }),
      fc.constantFrom('\n', '\r\n'),
      fc.array(fc.nat()),
      async (all, eol, cuts) => {
        const text = all.map((line) => `data: ${line}${eol}${eol}`).join('')
        expect(await read(text, cuts)).toEqual(all)
      },
    ),
  )
})

test('comments and other fields are passed over, several data lines are one event', async () => {
  expect(await read(': ping\n\nevent: x\nid: 4\ndata: a\ndata:b\n\ndata\n\n')).toEqual(['a\nb', ''])
})

test('an event without its end is dropped', async () => {
  expect(await read('data: a\n\ndata: b\n')).toEqual(['a'])
})

test('bytes that are no text reject', async () => {
  const reading = (async () => {
    for await (const _ of readSse([new Uint8Array([100, 97, 255, 10])] as never)) expect.unreachable()
  })()
  await expect(reading).rejects.toThrow(TypeError)
})
