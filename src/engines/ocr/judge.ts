import type { OcrText } from './ocr.ts'

/** Below this mean confidence, recognised letters are guesses rather than text. */
const LEAST_CONFIDENCE = 0.45

/** What a recognised page is worth: text, nothing written there, or letters that cannot be trusted. */
export function judgeReading(
  reading: OcrText,
): { state: 'ocr' | 'empty'; text: string } | { state: 'failed'; text: ''; error: 'page.illegible' } {
  const text = reading.text.trim()
  if (text === '') return { state: 'empty', text: '' }
  if (reading.confidence < LEAST_CONFIDENCE) return { state: 'failed', text: '', error: 'page.illegible' }
  return { state: 'ocr', text }
}
