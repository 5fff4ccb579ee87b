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
