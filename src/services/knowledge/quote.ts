/** Where a quotation stands in the text of a page, in UTF-16 units; null where it does not. White space, case and the shape of quotation marks, dashes and apostrophes do not matter; words do. */
export function findQuote(
  page: string,
  quote: string,
): { readonly start: number; readonly end: number } | null {
  const wanted = plain(quote)
  if (wanted.text === '') return null
  const held = plain(page)
  const at = held.text.indexOf(wanted.text)
  const start = held.places[at]
  const last = held.places[at + wanted.text.length - 1]
  return at < 0 || start === undefined || last === undefined ? null : { start, end: last + 1 }
}

/** Each sign that counts, with its place in the original. */
function plain(text: string): { text: string; places: number[] } {
  let result = ''
  const places: number[] = []
  let gap = false
  for (let i = 0; i < text.length; i++) {
    const sign = text.charAt(i)
    if (/\s|\u00AD/.test(sign)) {
      gap = true
      continue
    }
    if (gap && result !== '') {
      result += ' '
      places.push(i)
    }
    gap = false
    const lower = SAME[sign] ?? sign.toLowerCase()
    result += lower
    for (let n = 0; n < lower.length; n++) places.push(i)
  }
  return { text: result, places }
}

const SAME: Readonly<Record<string, string>> = {
  '«': '"',
  '»': '"',
  '“': '"',
  '”': '"',
  '„': '"',
  '’': "'",
  ʼ: "'",
  '‘': "'",
  '–': '-',
  '—': '-',
  '‐': '-',
  '‑': '-',
}
