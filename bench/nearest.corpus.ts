import { stems } from '../src/engines/words/stems.ts'

export const DIMENSIONS = 384
const TOPICS = 400
/** Directions in which texts about one topic differ; the rest of the difference goes everywhere. */
const ASPECTS = 12
const VOCABULARY = 20_000
/** The commonest words of a language are left out of every search: what is left begins here. */
const COMMONEST = 50
const WORDS = 40

interface Passage {
  readonly text: string
  readonly vector: Float32Array
}

/** Made-up texts with their vectors, the same each time. */
export interface Corpus {
  passage(n: number): Passage
  /** Beside topics too, but where no passage lies. */
  readonly questions: readonly Passage[]
}

export function corpus(passages: number, questions: number): Corpus {
  const chance = mulberry(11)
  // All texts have much in common: what a model of sentences gives lies in a cone.
  const common = direction(chance)
  const topics = Array.from({ length: TOPICS }, () => sum([common, 0.8], [direction(chance), 1]))
  const aspects = Array.from({ length: TOPICS }, () =>
    Array.from({ length: ASPECTS }, () => direction(chance)),
  )
  const about = (topic: number, own: () => number): Float32Array => {
    const vector = sum(
      [topics[topic] ?? common, 1],
      [direction(own), 0.35],
      ...(aspects[topic] ?? []).map((aspect): [Float32Array, number] => [aspect, (own() - 0.5) * 0.7]),
    )
    const length = Math.hypot(...vector)
    // Five places are as many as matter, and keep what is sent short.
    return vector.map((value) => Math.round((value / length) * 1e5) / 1e5)
  }
  const words = Array.from({ length: VOCABULARY }, (_, rank) => word(rank))
  const said = (count: number, own: () => number): string =>
    Array.from(
      { length: count },
      () => words[Math.floor(COMMONEST * (VOCABULARY / COMMONEST) ** own())] ?? words[0],
    ).join(' ')
  const one = (n: number, count: number): Passage => {
    const own = mulberry(1_000 + n)
    return { text: said(count, own), vector: about(Math.floor(TOPICS * own() ** 1.5), own) }
  }
  return {
    passage: (n) => one(n, WORDS),
    questions: Array.from({ length: questions }, (_, i) => one(passages + i, 4)),
  }
}

const direction = (chance: () => number): Float32Array => {
  const vector = Float32Array.from({ length: DIMENSIONS }, () => chance() + chance() + chance() - 1.5)
  const length = Math.hypot(...vector)
  return vector.map((value) => value / length)
}

const sum = (...parts: readonly (readonly [Float32Array, number])[]): Float32Array => {
  const total = new Float32Array(DIMENSIONS)
  for (const [vector, weight] of parts)
    for (let i = 0; i < DIMENSIONS; i++) total[i] = (total[i] ?? 0) + (vector[i] ?? 0) * weight
  return total
}

function word(rank: number): string {
  let text = ''
  for (let rest = rank + 1; rest > 0; rest = Math.floor(rest / 20))
    text += 'бвгджзклмнпрстфхцчшщ'.charAt(rest % 20) + 'аиоеу'.charAt(rest % 5)
  return stems(`слово${text}`)[0] ?? text
}

/** Chance that is the same each time (mulberry32). */
function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
