import { cityError } from '../city.errors.ts'
import { MAX_TEXT } from '../messages.contract.ts'

/** Refuses text that is too long, or that a database cannot hold: NUL, and halves of characters. */
export function checkText(text: string, limit = MAX_TEXT): void {
  if (text.length > limit) throw cityError('city.text_too_long', { length: text.length, limit })
  if (/\0|\p{Surrogate}/u.test(text)) throw cityError('city.text_invalid')
}
