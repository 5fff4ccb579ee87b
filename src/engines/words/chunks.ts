/** A passage of a page: characters `start…end` of its text, in UTF-16 units, and exactly those. */
export interface Chunk {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** About 200–250 tokens of Ukrainian or English: what the embedding model reads whole. */
const TARGET = 900
/** A tail shorter than this goes with the passage before it. */
const LEAST_TAIL = 200

/** Cuts a page into passages at the ends of sentences; each begins with the last sentence of the one before. */
export function chunks(text: string): Chunk[] {
  const found: Chunk[] = []
  const sentences = split(text)
  let first = 0
  while (first < sentences.length) {
    let last = first
    const start = sentences[first]?.start ?? 0
    const endOf = (i: number) => sentences[i]?.end ?? text.length
    while (last + 1 < sentences.length && endOf(last + 1) - start <= TARGET) last += 1
    if (text.length - endOf(last) < LEAST_TAIL) last = sentences.length - 1
    const end = endOf(last)
    found.push({ start, end, text: text.slice(start, end) })
    if (last === sentences.length - 1) break
    // A sentence as long as half a passage is not said twice.
    const repeat = last > first && endOf(last) - (sentences[last]?.start ?? 0) < TARGET / 2
    first = repeat ? last : last + 1
  }
  return found
}

interface Span {
  readonly start: number
  readonly end: number
}

/** After a full stop that a capital, a number or a quotation follows; and at blank lines. */
const BOUNDARY = /[.!?…]+["»”’)\]]*\s+(?=[\p{Lu}\p{N}«"“„—–(•-])|\n[^\S\n]*\n\s*/gu

function split(text: string): Span[] {
  const spans: Span[] = []
  let from = 0
  for (const boundary of text.matchAll(BOUNDARY)) {
    const to = boundary.index + boundary[0].length
    push(spans, text, from, to)
    from = to
  }
  push(spans, text, from, text.length)
  return spans
}

/** Trims a span, and cuts one that is longer than a passage at spaces, or in the middle where there are none. */
function push(spans: Span[], text: string, from: number, to: number): void {
  let start = from
  let end = to
  while (start < end && isSpace(text, start)) start += 1
  while (end > start && isSpace(text, end - 1)) end -= 1
  while (end - start > TARGET) {
    const space = text.lastIndexOf(' ', start + TARGET)
    const line = text.lastIndexOf('\n', start + TARGET)
    let cut = Math.max(space, line)
    if (cut <= start + TARGET / 2) cut = start + TARGET
    if (isHalfPair(text, cut)) cut -= 1
    spans.push({ start, end: cut })
    start = cut
    while (start < end && isSpace(text, start)) start += 1
  }
  if (end > start) spans.push({ start, end })
}

const isSpace = (text: string, at: number): boolean => /\s/.test(text.charAt(at))
const isHalfPair = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at)
  return code >= 0xdc00 && code <= 0xdfff
}
