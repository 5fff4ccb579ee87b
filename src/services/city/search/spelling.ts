import { type Kysely, sql } from 'kysely'
import type { SearchTables } from './search.tables.ts'

const SHORTEST = 4
const LONGEST = 24
const MAX_FOUND = 8

/** A stem and each of it with one letter left out: two words share a key where they are a slip apart (a letter more, less, changed, or two swapped). Symmetric deletes, after W. Garbe's SymSpell. None for what is too short, too long, or no word. */
export function spellingKeys(stem: string): string[] {
  const letters = [...stem]
  if (letters.length < SHORTEST || letters.length > LONGEST || !/^\p{L}+$/u.test(stem)) return []
  return [
    ...new Set([stem, ...letters.map((_, i) => [...letters.slice(0, i), ...letters.slice(i + 1)].join(''))]),
  ]
}

/** Stems of the city's words that a stem may have been meant as: a slip away, or going on from it. The nearest first. */
export async function likeStems<T extends SearchTables>(db: Kysely<T>, stem: string): Promise<string[]> {
  const keys = spellingKeys(stem)
  if (keys.length === 0) return []
  const { rows } = await sql<{ stem: string }>`
    (select stem from city.search_word where keys && ${keys}::text[] limit 50)
    union
    (select stem from city.search_word where stem >= ${stem} and stem < ${`${stem}\u{10FFFF}`} limit 20)`.execute(
    db,
  )
  const far = [...stem].length >= 7 ? 2 : 1
  return rows
    .map((row) => ({ stem: row.stem, away: row.stem.startsWith(stem) ? 0.5 : slips(stem, row.stem) }))
    .filter(({ away }) => away <= far)
    .sort((a, b) => a.away - b.away || (a.stem < b.stem ? -1 : 1))
    .slice(0, MAX_FOUND)
    .map((found) => found.stem)
}

/** The number of slips between two words: letters more, less, changed, or two neighbours swapped (optimal string alignment). */
export function slips(one: string, other: string): number {
  const [a, b] = [[...one], [...other]]
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const at = (up: number, left: number) => rows[i - up]?.[j - left] ?? 0
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min(at(1, 0) + 1, (row[j - 1] ?? 0) + 1, at(1, 1) + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, at(2, 2) + 1)
      row.push(least)
    }
    rows.push(row)
  }
  return rows[a.length]?.[b.length] ?? 0
}
