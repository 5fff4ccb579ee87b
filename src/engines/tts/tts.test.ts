import { describe, expect, test } from 'vitest'
import { createFakeTts } from './fake.ts'
import { speechPieces } from './pieces.ts'
import { languageOfText } from './script.ts'
import { ttsConformance } from './tts.conformance.ts'

describe('fake', () => {
  ttsConformance(() =>
    createFakeTts({ before: () => new Promise((resolve) => setImmediate(() => setImmediate(resolve))) }),
  )
})

test('a long text is cut between sentences, and nothing of it is lost', () => {
  const text = `${'Перше речення тут. '.repeat(20)}\n\n${'слово '.repeat(200)}`
  const pieces = speechPieces(text, 200)
  expect(pieces.every((piece) => piece.length <= 200)).toBe(true)
  expect(pieces[0]?.endsWith('.')).toBe(true)
  expect(pieces.join(' ').replaceAll(/\s+/g, ' ')).toBe(text.trim().replaceAll(/\s+/g, ' '))
  expect(speechPieces('а'.repeat(450), 200).map(({ length }) => length)).toEqual([200, 200, 50])
  expect(speechPieces('🙂'.repeat(150), 201).join('')).toBe('🙂'.repeat(150))
  expect(speechPieces('  \n ', 10)).toEqual([])
})

test('the script tells the language', () => {
  expect(languageOfText('Встановіть ffmpeg командою apt install')).toBe('uk')
  expect(languageOfText('The word «ґанок» means a porch in English')).toBe('en')
  expect(languageOfText('12 + 30')).toBeNull()
})
