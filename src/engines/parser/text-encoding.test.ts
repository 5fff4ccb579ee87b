import { expect, test } from 'vitest'
import { decodeText } from './text-encoding.ts'

const POEM =
  'Реве та стогне Дніпр широкий,\nСердитий вітер завива,\nДодолу верби гне високі, горами хвилю підійма.'

const CP1251 = 'АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя'
const OTHER: Readonly<Record<string, number>> = {
  і: 0xb3,
  ї: 0xbf,
  є: 0xba,
  ґ: 0xb4,
  І: 0xb2,
  '—': 0x97,
  '’': 0x92,
}
const to1251 = (text: string): Buffer =>
  Buffer.from(
    [...text].map(
      (letter) =>
        OTHER[letter] ?? (CP1251.includes(letter) ? 0xc0 + CP1251.indexOf(letter) : letter.charCodeAt(0)),
    ),
  )

test('UTF-8, with and without a mark, with any line ends', () => {
  expect(decodeText(Buffer.from(POEM))).toEqual({ text: POEM, encoding: 'utf-8' })
  expect(decodeText(Buffer.from(`\ufeff${POEM.replaceAll('\n', '\r\n')}`))?.text).toBe(POEM)
})

test('UTF-16 with a mark, both ways round', () => {
  const little = Buffer.from(`\ufeff${POEM}`, 'utf16le')
  expect(decodeText(little)).toEqual({ text: POEM, encoding: 'utf-16le' })
  expect(decodeText(Buffer.from(little).swap16())).toEqual({ text: POEM, encoding: 'utf-16be' })
})

test('UTF-16 without a mark, both ways round', () => {
  const little = Buffer.from(POEM, 'utf16le')
  expect(decodeText(little)).toEqual({ text: POEM, encoding: 'utf-16le' })
  expect(decodeText(Buffer.from(little).swap16())).toEqual({ text: POEM, encoding: 'utf-16be' })
  expect(decodeText(Buffer.from('plain words', 'utf16le'))?.text).toBe('plain words')
})

/** Written by Python's codecs. */
const RARE = {
  'iso-8859-5':
    'c0d5d2d520e2d020e1e2ded3ddd520b4ddf6dfe020e8d8e0dedad8d92c20c1d5e0d4d8e2d8d920d2f6e2d5e020d7d0d2d8d2d02c20b4ded4dedbe320d2d5e0d1d820d3ddd520d2d8e1dedaf62c20d3dee0d0dcd820e5d2d8dbee20dff6d4f6d9dcd02e',
  'x-mac-cyrillic':
    '90e5e2e520f2e020f1f2eee3ede52084ede8eff020f8e8f0eeeae8e92c2091e5f0e4e8f2e8e920e2e8f2e5f020e7e0e2e8e2e02c2084eee4eeebf320e2e5f0e1e820e3ede520e2e8f1eeeae82c20e3eef0e0ece820f5e2e8ebfe20efe8e4e8e9ece02e',
  'windows-1250':
    '5a61bff3b3e62067ea9c6cb9206a619ff13b206c6974776f2c206f6a637a797a6e6f206d6f6a612c207479206a657374659c206a616b207a64726f7769652e20496c65206369ea2074727a6562612063656e69e62c2074656e2074796c6b6f207369ea20646f7769652e',
} as const

test('rarer encodings', () => {
  const words = POEM.replaceAll('\n', ' ')
  const text = (encoding: keyof typeof RARE): string | undefined => {
    const found = decodeText(Buffer.from(RARE[encoding], 'hex'))
    expect(found?.encoding).toBe(encoding)
    return found?.text
  }
  expect(text('iso-8859-5')).toBe(words)
  expect(text('x-mac-cyrillic')).toBe(words.replaceAll('і', 'и'))
  expect(text('windows-1250')).toMatch(/^Zażółć gęślą jaźń; litwo/)
})

test('old Ukrainian files', () => {
  expect(decodeText(to1251(POEM))).toEqual({ text: POEM, encoding: 'windows-1251' })
  expect(decodeText(to1251('ПРОТОКОЛ ЗБОРІВ\nПрисутні: 12 осіб — кворум є.'))?.text).toContain(
    'Присутні: 12 осіб — кворум є',
  )
  const koi = Buffer.from('f0d2c9d7a6d4', 'hex')
  expect(decodeText(koi)).toEqual({ text: 'Привіт', encoding: 'koi8-u' })
  const dos = Buffer.from('8f e0 a8 a2 a5 e2 20 a2 e1 a5 ac'.replaceAll(' ', ''), 'hex')
  expect(decodeText(dos)).toEqual({ text: 'Привет всем', encoding: 'ibm866' })
})

test('western files', () => {
  const bytes = Buffer.from(
    'Le café était fermé, déjà vu à Noël; they said “naïve”.'.replace(/[“”]/g, '"'),
    'latin1',
  )
  expect(decodeText(bytes)).toMatchObject({
    encoding: 'windows-1252',
    text: expect.stringContaining('café était fermé'),
  })
})

test.each([
  ['NULs', Buffer.from('some\0text')],
  ['control characters', Buffer.from('some\x01\x02text')],
  ['UTF-8 with a broken letter', Buffer.concat([Buffer.from(POEM), Buffer.of(0xd0)])],
  ['noise', Buffer.from(Array.from({ length: 4000 }, (_, n) => (n * n * 31 + n * 7) % 251))],
  ['half of a UTF-16 pair', Buffer.from([0xff, 0xfe, 0x00, 0xd8, 0x41, 0x00])],
])('%s are no text', (_, bytes) => {
  expect(decodeText(bytes)).toBeNull()
})
