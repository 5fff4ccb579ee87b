import { expect, test } from 'vitest'
import { originAllowed } from './origin.ts'

const HERE = 'http://127.0.0.1:7400'
const CITY = 'https://misto.example'

test.each([
  // origin, public address, host of the request, allowed
  ['http://127.0.0.1:7400', HERE, '127.0.0.1:7400', true],
  ['http://localhost:7400', HERE, '127.0.0.1:7400', true],
  ['http://localhost:7400', HERE, undefined, true],
  ['http://[::1]:7400', HERE, 'localhost:7400', true],
  ['http://127.0.0.1:51234', HERE, '127.0.0.1:51234', true],
  ['http://localhost:51234', HERE, '127.0.0.1:51234', true],
  ['http://localhost:3000', HERE, '127.0.0.1:7400', false],
  ['http://192.168.1.5:7400', HERE, '192.168.1.5:7400', true],
  ['http://192.168.1.5:7400', HERE, '127.0.0.1:7400', false],
  ['http://evil.example', HERE, '127.0.0.1:7400', false],
  ['http://127.0.0.1.evil.example:7400', HERE, '127.0.0.1:7400', false],
  ['https://misto.example', CITY, 'misto.example', true],
  ['https://misto.example', CITY, 'inner:7400', true],
  ['https://MISTO.example', CITY, 'inner:7400', true],
  ['http://misto.example', CITY, 'misto.example', false],
  ['https://misto.example:444', CITY, 'misto.example', false],
  ['https://misto.example.evil.example', CITY, 'misto.example', false],
  ['https://evil.example', CITY, 'misto.example', false],
  ['https://www.misto.example', CITY, 'www.misto.example', true],
  ['http://127.0.0.1:7400', CITY, '127.0.0.1:7400', true],
  ['http://127.0.0.1:7400', CITY, 'misto.example', false],
  ['null', HERE, '127.0.0.1:7400', false],
  ['', HERE, '127.0.0.1:7400', false],
  ['file://', HERE, '127.0.0.1:7400', false],
  ['http://127.0.0.1:7400/path', HERE, '127.0.0.1:7400', false],
  ['chrome-extension://abc', HERE, '127.0.0.1:7400', false],
])('a page of %s, a city at %s asked as %s: %s', (origin, publicUrl, host, allowed) => {
  expect(originAllowed(origin, publicUrl, host)).toBe(allowed)
})
