import type { OcrText } from './ocr/ocr.ts'
import type { ParsedPage } from './parser/parser.ts'

/** A page as it counts in the end. `error` is a code of the catalogue, on a failed page only. */
export interface SettledPage {
  readonly number: number
  readonly state: 'read' | 'ocr' | 'empty' | 'failed'
  readonly text: string
  readonly error?: string
}

/** Below this mean confidence, recognised letters are guesses rather than text. */
const LEAST_CONFIDENCE = 0.45

/** Turns what the parser hands over into what a ledger keeps: a scan goes through `read`, and letters that cannot be trusted are a failure. Rejects as `read` does. */
export async function recognisePage(
  page: ParsedPage,
  read: (image: { bytes: Uint8Array; mime: string }) => Promise<OcrText>,
): Promise<SettledPage> {
  const { number, state, text, image, error } = page
  if (state === 'failed') return failedPage(number, error)
  if (state !== 'scan') return settled(number, text, 'read')
  if (!image) return failedPage(number, undefined)
  const reading = await read({ bytes: image, mime: image[0] === 0x89 ? 'image/png' : 'image/jpeg' })
  const recognised = reading.text.trim()
  if (recognised === '') return settled(number, text, 'read')
  if (reading.confidence < LEAST_CONFIDENCE) return failedPage(number, 'page.illegible')
  return settled(number, recognised, 'ocr')
}

/** A page that was not read, with its code; a reader's own words are not for people and become `page.failed`. */
export const failedPage = (number: number, error: string | undefined): SettledPage => ({
  number,
  state: 'failed',
  text: '',
  error: error && /^[a-z]+\.[a-z_]+$/.test(error) ? error : 'page.failed',
})

const settled = (number: number, text: string, state: 'read' | 'ocr'): SettledPage =>
  text.trim() === '' ? { number, state: 'empty', text: '' } : { number, state, text }
