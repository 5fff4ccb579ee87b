import { expect, test } from 'vitest'
import { readDataUrl } from './data-url.ts'

test('bytes and type come out as they went in', () => {
  for (const text of ['a', 'ab', 'abc', 'привіт']) {
    const base64 = Buffer.from(text).toString('base64')
    const read = readDataUrl(`data:audio/WEBM;codecs=opus;base64,${base64}`, 'x', 100)
    expect(Buffer.from(read.bytes).toString()).toBe(text)
    expect(read.mime).toBe('audio/webm')
  }
})

test.each([
  '',
  'hello',
  'data:text/plain,hello',
  'data:;base64,aGk=',
  'data:text/plain;base64,',
  'data:a/b;base64,a@@=',
])('what is no data URL is refused: %j', (url) =>
  expect(() => readDataUrl(url, 'x', 100)).toThrow(/data URL/),
)

test('what is over the limit is refused', () => {
  const url = `data:a/b;base64,${Buffer.alloc(101).toString('base64')}`
  expect(() => readDataUrl(url, 'x', 100)).toThrow(/limit/)
  expect(readDataUrl(url, 'x', 101).bytes).toHaveLength(101)
})
