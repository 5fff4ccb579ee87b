import { engineError } from '../engine.errors.ts'
import { languageOfText } from './script.ts'
import { LONGEST_TEXT, type SpeakOptions } from './tts.ts'

/** The text as a voice takes it, without control characters, and the language it is read in. `speech.empty`, `speech.too_long`. */
export function checkedText(
  given: string,
  options: Pick<SpeakOptions, 'language'> = {},
): { readonly text: string; readonly language: string } {
  if (given.length > LONGEST_TEXT)
    throw engineError('speech.too_long', { count: given.length, limit: LONGEST_TEXT })
  const text = given.replaceAll(CONTROLS, ' ').trim()
  if (!/[\p{L}\p{N}]/u.test(text)) throw engineError('speech.empty')
  const language = options.language?.toLowerCase().split(/[-_]/)[0] || languageOfText(text)
  return { text, language: language ?? 'en' }
}

/** Everything but tab and line feed: no voice has a sound for them, and some take them for commands. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g
