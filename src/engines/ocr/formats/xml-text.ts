/** Words as XML text or a quoted attribute. What XML 1.0 cannot hold at all (most control characters, halves of surrogates) is left out. */
export const xmlText = (text: string): string =>
  [...text]
    .filter((letter) => /[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u.test(letter))
    .map((letter) => NAMED[letter] ?? letter)
    .join('')

const NAMED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
