import { AppError } from '../../src/kernel/errors.ts'
import type { Resident } from '../kit/resident.ts'
import { LostLine } from './witness.ts'

/** A message as it must stand, by what was acknowledged. */
export interface Standing {
  readonly id: string
  readonly room: string
  readonly author: string
  readonly clientId: string
  readonly thread: string | null
  readonly isPoll: boolean
  text: string
  /** Whether its author began to delete it: what others do to it meanwhile may be refused. */
  deleting: boolean
  /** `emoji person` of each reaction. */
  readonly reactions: Set<string>
  readonly votes: Map<string, number>
  pinned: boolean
}

/** All that was acknowledged to anybody, by everybody's acts together. */
export interface Book {
  readonly messages: Map<string, Standing>
  /** What is said later: whether the city acknowledged it, by its words. */
  readonly later: Map<string, boolean>
  /** Files that were taken in: the SHA-256 of their bytes, and whose they are. */
  readonly files: Map<string, { readonly sha256: string; readonly owner: Resident }>
  /** What holds the one who is moderated. */
  readonly held: { muted: boolean; banned: boolean; slowSeconds: number }
  /** What no client should have met. */
  readonly faults: string[]
  /** How many acts of each kind were acknowledged. */
  readonly acts: Record<string, number>
}

export const openBook = (): Book => ({
  messages: new Map(),
  later: new Map(),
  files: new Map(),
  held: { muted: false, banned: false, slowSeconds: 0 },
  faults: [],
  acts: {},
})

const PATIENCE_MS = 150_000
const AGAIN_MS = 60

/** Does an act until it is acknowledged, as a client does that comes back: a lost line or a server that is away is no answer. Anything else that fails is thrown; a fault of the city's own is noted, and tried again. */
export async function persist<T>(
  book: Book,
  what: string,
  attempt: (tries: number) => Promise<T>,
): Promise<T> {
  const until = Date.now() + PATIENCE_MS
  for (let tries = 1; ; tries++) {
    try {
      const answer = await attempt(tries)
      book.acts[what] = (book.acts[what] ?? 0) + 1
      return answer
    } catch (failure) {
      const bug = failure instanceof AppError && failure.kind === 'internal'
      if (bug) book.faults.push(`${what}: ${failure.code} ${failure.message}`)
      if (!bug && !passes(failure)) throw failure
      if (Date.now() > until)
        throw new Error(`${what} was not acknowledged in ${PATIENCE_MS / 1000} s: ${String(failure)}`, {
          cause: failure,
        })
    }
    await new Promise((done) => setTimeout(done, AGAIN_MS))
  }
}

const PASSING = ['unavailable', 'timeout', 'upstream', 'rate_limited', 'cancelled']

/** Whether it says only that nobody could be asked just then. */
export function passes(failure: unknown): boolean {
  if (failure instanceof LostLine || failure instanceof TypeError) return true
  if (!(failure instanceof Error)) return false
  if (failure.name === 'TimeoutError' || failure.name === 'AbortError') return true
  // What was asked for later came after its moment: it is asked for anew, with another.
  if ('code' in failure && failure.code === 'city.time_past') return true
  return 'kind' in failure && PASSING.includes(String(failure.kind))
}
