import type { Clock } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import { engineError } from './engine.errors.ts'

/** Whatever can be asked in turn. */
export interface Candidate {
  readonly name: string
  /** Where it can be known beforehand that it cannot work, the error it would fail with. */
  missing?(): Promise<Error | null>
}

export interface FallbackOptions {
  /** Shared by the calls that should learn from each other. */
  readonly cooldown?: Cooldown
}

/**
 * Asks engines in their order and answers what the first able one does; every result names the engine that gave it. Moves on when the failure
 * is the engine's (retryable, or `upstream`), not the file's or the caller's. One that lacks its model is passed over, one that failed a
 * moment ago is asked last. Rejects with the first engine's failure where it was asked, so that the preferred one is what a person mends;
 * if none could be asked, with why the first is missing; `engine.none` if there is none.
 */
export async function firstAble<E extends Candidate, R>(
  engines: readonly E[],
  attempt: (engine: E) => Promise<R>,
  { cooldown }: FallbackOptions = {},
): Promise<R> {
  const resting = new Set(engines.filter((engine) => cooldown?.isCooling(engine.name)))
  const order = [...engines.filter((one) => !resting.has(one)), ...resting]
  const failures = new Map<E, AppError>()
  const missing = new Map<E, AppError>()
  for (let engine = order.shift(); engine !== undefined; engine = order.shift()) {
    const { name } = engine
    // Another call tries it at this moment, or has just failed with it.
    if (!resting.has(engine) && cooldown?.isCooling(name)) {
      resting.add(engine)
      order.push(engine)
      continue
    }
    cooldown?.began(name)
    const lack = await engine.missing?.()
    if (lack) {
      cooldown?.undecided(name)
      missing.set(engine, AppError.from(lack))
      continue
    }
    try {
      const result = await attempt(engine)
      cooldown?.worked(name)
      return result
    } catch (cause) {
      const failure = AppError.from(cause)
      if (isTheEngines(failure) && !COUNTS_AS_BUSY.has(failure.code)) cooldown?.failed(name)
      else cooldown?.undecided(name)
      if (!isTheEngines(failure)) throw failure
      failures.set(engine, failure)
    }
  }
  const told = engines.map((engine) => failures.get(engine)).find(Boolean)
  throw told ?? engines.map((engine) => missing.get(engine)).find(Boolean) ?? engineError('engine.none')
}

const isTheEngines = (failure: AppError): boolean =>
  failure.code !== 'call.cancelled' && (failure.retryable || failure.kind === 'upstream')

/** Full is not broken. */
const COUNTS_AS_BUSY: ReadonlySet<string> = new Set(['engine.busy', 'http.rate_limited'])

/** Which engines failed a moment ago: one breaker for each. Closed it lets all through; open it is asked last; half open, one call tries it while the others still go elsewhere. */
export interface Cooldown {
  isCooling(name: string): boolean
  /** A call goes out to it: where it had failed, this is its trial. */
  began(name: string): void
  failed(name: string): void
  worked(name: string): void
  /** The call told nothing of it: cancelled, or the file’s own fault. */
  undecided(name: string): void
  state(name: string): 'closed' | 'open' | 'half-open'
}

const FIRST_MS = 5_000
const LONGEST_MS = 5 * 60_000

interface Failing {
  readonly times: number
  readonly until: number
  readonly onTrial: boolean
}

/** Five seconds after a failure, twice as long after each further one, five minutes at most; forgotten at the first success. */
export function createCooldown(clock: Clock): Cooldown {
  const failing = new Map<string, Failing>()
  const trial = (name: string, onTrial: boolean) => {
    const known = failing.get(name)
    if (known) failing.set(name, { ...known, onTrial: onTrial && known.until <= clock.now() })
  }
  const state = (name: string) => {
    const known = failing.get(name)
    if (!known) return 'closed'
    return known.until > clock.now() ? 'open' : 'half-open'
  }
  return {
    state,
    isCooling: (name) => state(name) === 'open' || failing.get(name)?.onTrial === true,
    began: (name) => trial(name, true),
    undecided: (name) => trial(name, false),
    failed: (name) => {
      const times = (failing.get(name)?.times ?? 0) + 1
      const until = clock.now() + Math.min(FIRST_MS * 2 ** (times - 1), LONGEST_MS)
      failing.set(name, { times, until, onTrial: false })
    },
    worked: (name) => void failing.delete(name),
  }
}
