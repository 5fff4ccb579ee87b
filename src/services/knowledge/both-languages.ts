import type { Script } from './vectors.ts'

/** Of five passages so many are of the other alphabet; chosen on the open half of `bench/sets/retrieval`. */
const SHARE = 2 / 5

/** The first `limit` of what was ranked, with a share for what is written in the other alphabet than the question: vectors of one language lie nearer to each other than to the same thing said in another, so ranks of the two do not compare. What is there already counts; the best of the other stand last. */
export function bothLanguages<T extends { readonly text: string }>(
  query: string,
  ranked: readonly T[],
  limit: number,
): T[] {
  const asked = scriptOf(query)
  const wanted = Math.floor(limit * SHARE)
  const first = ranked.slice(0, limit)
  const others = ranked.filter(({ text }) => scriptOf(text) !== asked)
  if (first.filter(({ text }) => scriptOf(text) !== asked).length >= wanted) return first
  const added = others.slice(0, wanted)
  const own = ranked.filter(({ text }) => scriptOf(text) === asked)
  return [...own.slice(0, limit - added.length), ...added]
}

/** As the database tells it of a passage. */
const scriptOf = (text: string): Script =>
  (text.match(/[А-Яа-яІіЇїЄєҐґ]/g)?.length ?? 0) * 2 > (text.match(/[A-Za-z]/g)?.length ?? 0)
    ? 'cyrillic'
    : 'latin'
