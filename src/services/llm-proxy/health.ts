import type { Clock } from '../../kernel/clock.ts'
import type { AppError } from '../../kernel/errors.ts'

/** Who is worth asking now: one breaker for each model, opened by failures in a row, and by what a provider says about when to come back. */
export interface Health {
  /** How long it rests still, in milliseconds; 0 where it may be asked. Half open, one request tries it while others find it resting. */
  restsFor(id: string): number
  /** Asked only after the others: it refused our key, or our credit is used up. */
  isLast(id: string): boolean
  began(id: string): void
  worked(id: string): void
  failed(id: string, failure: AppError): void
  /** How it failed last, since it last answered. */
  lastOf(id: string): { readonly at: number; readonly error: AppError } | null
  /** The request told nothing of it: cancelled, or the request's own fault. */
  undecided(id: string): void
}

const IN_A_ROW = 5
const FIRST_REST_MS = 5_000
const LONGEST_REST_MS = 5 * 60_000
const REFUSED_MS = 60_000
const TRIAL_MS = 1_000

interface State {
  failures: number
  /** Rests until then. */
  until: number
  lastUntil: number
  onTrial: boolean
  last: { readonly at: number; readonly error: AppError } | null
}

export function createHealth(clock: Clock): Health {
  const states = new Map<string, State>()
  const of = (id: string): State => {
    const known = states.get(id)
    if (known) return known
    const fresh = { failures: 0, until: 0, lastUntil: 0, onTrial: false, last: null }
    states.set(id, fresh)
    return fresh
  }
  return {
    restsFor(id) {
      const state = states.get(id)
      if (!state) return 0
      const left = state.until - clock.now()
      if (left > 0) return left
      return state.onTrial ? TRIAL_MS : 0
    },
    lastOf: (id) => states.get(id)?.last ?? null,
    isLast: (id) => (states.get(id)?.lastUntil ?? 0) > clock.now(),
    began(id) {
      const state = states.get(id)
      if (state && state.failures >= IN_A_ROW) state.onTrial = true
    },
    worked: (id) => void states.delete(id),
    undecided(id) {
      const state = states.get(id)
      if (state) state.onTrial = false
    },
    failed(id, failure) {
      const state = of(id)
      state.onTrial = false
      state.last = { at: clock.now(), error: failure }
      const status = Number(failure.params.status)
      if (status === 401 || status === 402 || status === 403) state.lastUntil = clock.now() + REFUSED_MS
      if (failure.retryAfterMs !== undefined) state.until = clock.now() + failure.retryAfterMs
      // Being told to come back later is no sign of being broken.
      if (status === 429) return
      state.failures += 1
      if (state.failures < IN_A_ROW) return
      const rest = Math.min(FIRST_REST_MS * 2 ** (state.failures - IN_A_ROW), LONGEST_REST_MS)
      state.until = Math.max(state.until, clock.now() + rest)
    },
  }
}
