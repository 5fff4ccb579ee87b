import type { ToolUse } from './tool.ts'

/** A word that may carry a secret: with digits in it, or longer than words are. */
const CARRIER = /[\p{L}\p{N}][\p{L}\p{N}_+/=@.:-]*[\p{L}\p{N}]/gu
const LONGEST_WORD = 24

/** Whether a query may leave the city. What everybody in the city may read may; elsewhere each word that could carry a secret must be the asker's own. */
export function mayLeave(query: string, use: Pick<ToolUse, 'question' | 'room' | 'tainted'>): boolean {
  if (!use.tainted) return true
  const own = use.question.toLowerCase()
  const words = query.toLowerCase().match(CARRIER) ?? []
  return words.every(
    (word) => own.includes(word) || !(/\d{3}|\p{L}\d|\d\p{L}/u.test(word) || word.length > LONGEST_WORD),
  )
}

/** The addresses in a text, as they stand there. */
export const addressesIn = (text: string): string[] =>
  (text.match(/https?:\/\/[^\s<>"'`]+/giu) ?? []).map((url) => url.replace(/[).,;:!?»”]+$/u, ''))

/** Whether both name the same place; what a page marks within itself does not count. */
export function sameAddress(a: string, b: string): boolean {
  try {
    const [one, other] = [new URL(a), new URL(b)]
    one.hash = ''
    other.hash = ''
    return one.href === other.href
  } catch {
    return false
  }
}

/** An answer in which nothing leads where neither the asker nor a source pointed: an address that the model made up could carry away what it has read, if only by being opened. Its host stays readable. */
export function withoutStrangeAddresses(text: string, known: Iterable<string>): string {
  const list = [...known]
  const isKnown = (url: string) => list.some((one) => sameAddress(one, url))
  return text
    .replaceAll(/!\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])?/g, '$1')
    .replaceAll(
      /\[([^\]]*)\]\(\s*<?([a-z][a-z0-9+.-]*:[^)\s>]*)>?[^)]*\)/gi,
      (whole, words: string, url: string) => (isKnown(url) ? whole : `${words} (${hostOf(url)})`),
    )
    .replaceAll(/\b(?:https?|ftp|wss?|data|javascript):[^\s<>"'`)\]]+/giu, (url) => {
      const bare = url.replace(/[.,;:!?»”]+$/u, '')
      return isKnown(bare) ? url : hostOf(bare) + url.slice(bare.length)
    })
}

/** Only the name that it stands under, two labels of it: more could be a message. */
function hostOf(url: string): string {
  try {
    const { hostname } = new URL(url)
    return hostname === '' ? '…' : hostname.split('.').slice(-2).join('.')
  } catch {
    return '…'
  }
}
