import type { Embeddings } from './embeddings.ts'

const DIMENSIONS = 384
const SHORTEST = 3
const LONGEST = 5
/** A whole word says more than each of its pieces. */
const WORD_WEIGHT = 2
/** Words of one to three letters are mostly grammar. */
const SHORT_WORD_WEIGHT = 0.3

/**
 * Texts as hashed pieces of their words: what shares letters is near, so inflected forms and misspellings find each other, synonyms and
 * translations do not. Nothing to download, microseconds a text, the same text always the same vector. Changing anything here needs
 * another `model` name, for stored vectors would no longer compare.
 */
export function createNgrams(): Embeddings {
  return {
    name: 'ngrams',
    model: 'ngrams/1',
    dimensions: DIMENSIONS,
    semantic: false,
    missing: () => Promise.resolve(null),
    embed: (texts, { signal }) =>
      new Promise((resolve) => {
        signal?.throwIfAborted()
        resolve(texts.map(vectorOf))
      }),
  }
}

function vectorOf(text: string): Float32Array {
  const counts = new Map<string, number>()
  for (const [word] of text.normalize('NFKC').toLowerCase().replaceAll(APOSTROPHES, "'").matchAll(WORDS))
    for (const [piece, weight] of pieces(word)) counts.set(piece, (counts.get(piece) ?? 0) + weight)
  const vector = new Float32Array(DIMENSIONS)
  for (const [piece, weight] of counts) {
    const hash = fnv1a(piece)
    const at = hash % DIMENSIONS
    // The sign, from a bit that does not choose the place, lets what collides by chance cancel out.
    vector[at] = (vector[at] ?? 0) + (hash & 0x8000_0000 ? -1 : 1) * Math.sqrt(weight)
  }
  return unit(vector)
}

const WORDS = /[\p{L}\p{M}\p{N}]+(?:'[\p{L}\p{M}]+)*/gu
const APOSTROPHES = /[’ʼ‘`´]/g

function* pieces(word: string): Generator<readonly [string, number]> {
  const letters = [...`<${word}>`]
  const weight = letters.length <= 5 ? SHORT_WORD_WEIGHT : 1
  yield [letters.join(''), WORD_WEIGHT * weight]
  for (let size = SHORTEST; size <= LONGEST; size++)
    for (let at = 0; at + size <= letters.length && size < letters.length; at++)
      yield [letters.slice(at, at + size).join(''), weight / (size === SHORTEST ? 2 : 1)]
}

/** FNV-1a over UTF-16 units, then the finaliser of MurmurHash3, without which its high bits hardly differ for short strings. */
function fnv1a(text: string): number {
  let hash = 0x811c_9dc5
  for (let n = 0; n < text.length; n++) hash = Math.imul(hash ^ text.charCodeAt(n), 0x0100_0193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** A text without words lies on the first axis: a vector of zeros has no direction to compare. */
function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector)
  if (length === 0) return Float32Array.from(vector, (_, n) => (n === 0 ? 1 : 0))
  return vector.map((value) => value / length)
}
