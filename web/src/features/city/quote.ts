/** Where a quote stands in a page's text. Spaces, line breaks, hyphenation at a line's end, kinds of quotation marks and case may differ; null where it is not there. */
export function locate(text: string, quote: string): { start: number; end: number } | null {
  const page = flatten(text)
  const wanted = flatten(quote.replace(/^[\s….]+|[\s….]+$/gu, '')).flat
  if (wanted === '') return null
  const at = page.flat.indexOf(wanted)
  if (at < 0) return null
  const start = page.places[at]
  const last = page.places[at + wanted.length - 1]
  return start === undefined || last === undefined ? null : { start, end: last + 1 }
}

/** Letters and digits alone, lower case, with the place each came from. */
function flatten(text: string): { flat: string; places: number[] } {
  const places: number[] = []
  let flat = ''
  let at = 0
  for (const sign of text) {
    if (/[\p{L}\p{N}]/u.test(sign))
      for (const unit of sign.toLowerCase()) {
        flat += unit
        for (let i = 0; i < unit.length; i++) places.push(at + sign.length - 1)
      }
    at += sign.length
  }
  return { flat, places }
}
