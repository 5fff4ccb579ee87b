import { createHash } from 'node:crypto'
import { stems } from '../../engines/words/stems.ts'

const HASHES = 64
const BAND_ROWS = 4
/** Words that stand side by side. */
const SHINGLE = 4
/** Fewer words than this say too little to be called the same. */
const FEWEST = 20
/** What is read of a document for its sketch. */
export const SKETCH_CHARS = 400_000

/** Gathers the words of a document for its sketch (minhash: Broder 1997). Null where there are too few. */
export function createSketch() {
  const least = new Array<number>(HASHES).fill(0xffffffff)
  let before: string[] = []
  let count = 0
  return {
    add(text: string): void {
      const words = [...before, ...stems(text)]
      for (let at = 0; at + SHINGLE <= words.length; at++) {
        count += 1
        const hash = createHash('md5')
          .update(words.slice(at, at + SHINGLE).join(' '))
          .digest()
        const [a, b] = [hash.readUInt32LE(0), hash.readUInt32LE(4) | 1]
        // Many hashes out of two (Kirsch, Mitzenmacher 2006), stirred so that they do not keep one order.
        for (let i = 0; i < HASHES; i++) {
          const mixed = stir((a + Math.imul(i, b)) >>> 0)
          if (mixed < (least[i] ?? 0)) least[i] = mixed
        }
      }
      before = words.slice(-(SHINGLE - 1))
    },
    done: (): number[] | null => (count < FEWEST ? null : least),
  }
}

function stir(value: number): number {
  let x = value
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

/** The share of what two documents say that is the same, about. */
export function sameShare(one: readonly number[], other: readonly number[]): number {
  let same = 0
  for (const [i, value] of one.entries()) if (other[i] === value) same += 1
  return same / HASHES
}

/** Keys of which nearly equal documents have one in common. */
export function bands(sketch: readonly number[]): string[] {
  const keys: string[] = []
  for (let at = 0; at < HASHES; at += BAND_ROWS)
    keys.push(
      `${at}:${sketch
        .slice(at, at + BAND_ROWS)
        .map((value) => value.toString(36))
        .join('.')}`,
    )
  return keys
}
