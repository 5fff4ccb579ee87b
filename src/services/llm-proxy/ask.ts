import type { ChatRequest } from '../../engines/llm/llm.ts'
import type { StopSignal, WireStream, WireWhole } from '../../engines/llm/wire.ts'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { createAttempt, isTargets } from './attempt.ts'
import { choose } from './choose.ts'
import type { Facts } from './facts.ts'
import type { Health } from './health.ts'
import { signalOf } from './leaving.ts'
import type { Ledger, Payer } from './ledger.ts'
import { llmProxyError } from './llm-proxy.errors.ts'
import type { Models, Target } from './models.ts'

/** One conversation in OpenAI's chat shape. */
export interface Asked {
  readonly request: ChatRequest
  /** The same as it came; null where it was made here. It goes on unchanged where nothing has to be. */
  readonly bytes: Buffer | null
}

export interface Asker {
  readonly payer: Payer
  /** Whether what is asked may leave the operator's own machines. */
  readonly mayLeave: boolean
  /** A service of the city, which is told what an answer cost. */
  readonly isService?: boolean
}

/** Who gave an answer. */
export interface By {
  readonly model: string
  readonly provider: string
}

/** A whole answer, or a stream that has begun; `kind` says which. Frames carry chunks parsed and as bytes. */
export type Answer = (WireWhole & { readonly by: By }) | (WireStream & { readonly by: By })

/**
 * Asks whoever the request's model stands for, one after another until an answer has begun, never after; pays for it; and says who gave it.
 * All doors stand on it. Aborting the signal stops the provider at once, also in the middle of a stream.
 */
export type Ask = (asked: Asked, asker: Asker, signal: StopSignal) => Promise<Answer>

export interface AskNeeds {
  readonly models: () => Models
  readonly health: Health
  /** Null where nothing is counted: in tests and benches of the bare way. */
  readonly ledger: Ledger | null
  readonly clock: Clock
  /** 0…1, for jitter and weights. */
  readonly random: () => number
  /** Cuts out of a request what may not reach this provider; null where there is nothing to cut. */
  readonly redact?: (request: ChatRequest, target: Target) => ChatRequest | null
}

const FIRST_WAIT_MS = 300
const LONGEST_WAIT_MS = 10_000

export function createAsk(needs: AskNeeds): Ask {
  const { clock, health, random } = needs
  const attempt = createAttempt(needs)

  /** The first of two that begins; the other is stopped. */
  const hedged = async (
    first: Target,
    second: Target,
    afterMs: number,
    asked: Asked,
    asker: Asker,
    facts: Facts,
    signal: AbortSignal,
  ): Promise<Answer> => {
    const stops = [new AbortController(), new AbortController()] as const
    const run = (target: Target, place: 0 | 1) =>
      attempt(target, asked, asker, facts, AbortSignal.any([signal, stops[place].signal])).then((answer) => {
        stops[place === 0 ? 1 : 0].abort()
        return answer
      })
    const primary = run(first, 0)
    // Handled below in every case; until then its failure is nobody's.
    primary.catch(() => undefined)
    const early = new AbortController()
    const late = clock.sleep(afterMs, early.signal).then(
      () => true,
      () => false,
    )
    const waited = await Promise.race([
      late,
      primary.then(
        () => false,
        () => false,
      ),
    ])
    early.abort()
    if (!waited) return await primary
    return await Promise.any([primary, run(second, 1)]).catch((cause: unknown) => {
      throw cause instanceof AggregateError ? cause.errors[0] : cause
    })
  }

  return async (asked, asker, signal) => {
    signal.throwIfAborted()
    const choice = choose(needs.models(), asked.request, asker, random)
    const targets = choice.targets.length > 1 ? lastOnesLast(choice.targets, health) : choice.targets
    const until = clock.now() + choice.retryMs
    for (let round = 0; ; round++) {
      let failure: AppError | undefined
      let again = false
      let waitMs = Number.POSITIVE_INFINITY
      for (let place = 0; place < targets.length; place++) {
        const target = targets[place]
        if (!target) continue
        const rests = health.restsFor(target.id)
        if (rests > 0) {
          failure ??= resting(target, rests)
          waitMs = Math.min(waitMs, rests)
          again = true
          continue
        }
        const next = targets[place + 1]
        try {
          if (choice.hedgeMs === undefined || !next || health.restsFor(next.id) > 0)
            return await attempt(target, asked, asker, choice.facts, signal)
          place += 1
          return await hedged(target, next, choice.hedgeMs, asked, asker, choice.facts, signalOf(signal))
        } catch (cause) {
          signal.throwIfAborted()
          const failed = AppError.from(cause)
          if (!isTargets(failed)) throw failed
          // The preferred one's failure is the one that somebody can mend.
          failure ??= failed
          if (failed.retryable || failed.code === 'engine.cut') {
            again = true
            waitMs = Math.min(waitMs, failed.retryAfterMs ?? Number.POSITIVE_INFINITY)
          }
        }
      }
      if (!failure) throw llmProxyError('llm_proxy.none_fits', { model: asked.request.model, why: 'none' })
      const jittered = random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** round)
      const pause = Number.isFinite(waitMs) ? waitMs : jittered
      if (!again || clock.now() + pause > until) throw failure
      await clock.sleep(pause, signalOf(signal))
    }
  }
}

const lastOnesLast = (targets: readonly Target[], health: Health): readonly Target[] => {
  const last = targets.filter(({ id }) => health.isLast(id))
  return last.length === 0 ? targets : [...targets.filter((one) => !last.includes(one)), ...last]
}

const resting = ({ provider }: Target, ms: number): AppError =>
  llmProxyError('llm_proxy.resting', { provider, seconds: Math.ceil(ms / 1000) }, { retryAfterMs: ms })
