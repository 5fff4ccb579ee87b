import type { ChatChunk, ChatRequest } from '../../engines/llm/llm.ts'
import type { FrameSink, Frames, WireAnswer, WireStream, WireWhole } from '../../engines/llm/wire.ts'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { choose } from './choose.ts'
import { askEngine } from './engine-wire.ts'
import { costOf, inputTokens, isObject, outputTokens, tokensOf } from './facts.ts'
import type { Health } from './health.ts'
import type { Hold, Ledger, Payer } from './ledger.ts'
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
export type Ask = (asked: Asked, asker: Asker, signal: AbortSignal) => Promise<Answer>

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
    signal: AbortSignal,
  ): Promise<Answer> => {
    const stops = [new AbortController(), new AbortController()] as const
    const run = (target: Target, place: 0 | 1) =>
      attempt(target, asked, asker, AbortSignal.any([signal, stops[place].signal])).then((answer) => {
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
    const choice = choose(needs.models(), asked.request, { ...asker, random })
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
            return await attempt(target, asked, asker, signal)
          place += 1
          return await hedged(target, next, choice.hedgeMs, asked, asker, signal)
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
      await clock.sleep(pause, signal)
    }
  }
}

/** Whether another model may do better: everything but what is wrong with the request itself, or with who asks. */
function isTargets(failure: AppError): boolean {
  if (failure.code === 'call.cancelled' || failure.code === 'internal') return false
  if (failure.code === 'llm_proxy.budget_spent') return failure.params.kind === 'model'
  if (failure.retryable || failure.code === 'engine.cut' || failure.code === 'peer.unintelligible')
    return true
  if (failure.code === 'llm_proxy.key_missing') return true
  const status = Number(failure.params.status)
  return (
    failure.code === 'engine.refused' &&
    (status === 401 || status === 402 || status === 403 || status === 404)
  )
}

const lastOnesLast = (targets: readonly Target[], health: Health): readonly Target[] => {
  const last = targets.filter(({ id }) => health.isLast(id))
  return last.length === 0 ? targets : [...targets.filter((one) => !last.includes(one)), ...last]
}

const resting = ({ provider }: Target, ms: number): AppError =>
  llmProxyError('llm_proxy.resting', { provider, seconds: Math.ceil(ms / 1000) }, { retryAfterMs: ms })

/** One try at one model: held, asked, paid for. */
function createAttempt({ health, ledger, redact }: AskNeeds) {
  const underWay = new Map<string, number>()

  return async (target: Target, asked: Asked, asker: Asker, signal: AbortSignal): Promise<Answer> => {
    const busy = underWay.get(target.provider) ?? 0
    if (busy >= target.concurrent)
      throw llmProxyError(
        'llm_proxy.provider_full',
        { provider: target.provider, limit: target.concurrent },
        { retryAfterMs: 1_000 },
      )
    const { request } = asked
    const tokensIn = inputTokens(request)
    const most = outputTokens(request, target)
    const hold = await (ledger?.reserve({
      payer: asker.payer,
      kind: 'chat',
      model: target.id,
      provider: target.provider,
      nanoUsd: costOf(target, { tokensIn, tokensOut: most }),
      tokens: tokensIn + most,
    }) ?? NO_HOLD)
    underWay.set(target.provider, busy + 1)
    health.began(target.id)
    const bill = new Bill(target, hold, tokensIn, () =>
      underWay.set(target.provider, (underWay.get(target.provider) ?? 1) - 1),
    )
    try {
      const answer = await send(target, asked, signal, redact)
      health.worked(target.id)
      const by = { model: target.id, provider: target.provider }
      if (answer.kind === 'stream') return { ...billed(answer, bill, wantsUsage(request)), by }
      bill.whole(answer.json)
      return { ...answer, by }
    } catch (cause) {
      if (signal.aborted) health.undecided(target.id)
      else if (isTargets(AppError.from(cause))) health.failed(target.id, AppError.from(cause))
      else health.undecided(target.id)
      // Whoever left may have to pay for what was read already.
      if (signal.aborted) bill.cut()
      else bill.nothing()
      throw cause
    }
  }
}

const NO_HOLD: Hold = { settle() {}, release() {} }

async function send(
  target: Target,
  { request, bytes }: Asked,
  signal: AbortSignal,
  redact: AskNeeds['redact'],
): Promise<WireAnswer> {
  const stream = request.stream === true
  if (target.engine) return await askEngine(target.engine, { ...request, model: target.name }, signal)
  const clean = target.local || target.redact === 'none' ? null : (redact?.(request, target) ?? null)
  const usage = stream && target.streamUsage && !wantsUsage(request)
  const body =
    bytes && !clean && !usage && request.model === target.name && request.daarion === undefined
      ? bytes
      : JSON.stringify(foreign(clean ?? request, target, usage))
  if (!target.wire) throw llmProxyError('llm_proxy.none_fits', { model: target.id, why: 'none' })
  return await target.wire.send({ path: 'chat/completions', body, stream, choices: true }, signal)
}

/** What a provider is sent: its own name of the model, and nothing of the city's hints. */
function foreign({ daarion: _ours, ...request }: ChatRequest, { name }: Target, usage: boolean): object {
  if (!usage) return { ...request, model: name }
  const options = isObject(request.stream_options) ? request.stream_options : {}
  return { ...request, model: name, stream_options: { ...options, include_usage: true } }
}

const wantsUsage = ({ stream_options: options }: ChatRequest): boolean =>
  isObject(options) && options.include_usage === true

/** Counts what an answer costs; settled or released once. */
class Bill {
  readonly #target: Target
  readonly #hold: Hold
  readonly #tokensIn: number
  readonly #over: () => void
  #chars = 0
  #usage: Record<string, unknown> | null = null
  #open = true

  constructor(target: Target, hold: Hold, tokensIn: number, over: () => void) {
    this.#target = target
    this.#hold = hold
    this.#tokensIn = tokensIn
    this.#over = over
  }

  whole(json: Readonly<Record<string, unknown>>): void {
    if (isObject(json.usage)) this.#usage = json.usage
    else
      for (const choice of listOf(json.choices)) if (isObject(choice)) this.#chars += charsOf(choice.message)
    this.cut()
  }

  chunk(chunk: ChatChunk): void {
    if (isObject(chunk.usage)) this.#usage = chunk.usage
    for (const choice of listOf(chunk.choices)) if (isObject(choice)) this.#chars += charsOf(choice.delta)
  }

  /** Pays for what there was: as the provider says, or else as counted. */
  cut(): void {
    if (!this.#close()) return
    const told = this.#usage
    const tokensIn = numberOf(told?.prompt_tokens) ?? this.#tokensIn
    const tokensOut = numberOf(told?.completion_tokens) ?? tokensOf(this.#chars)
    const details = told?.prompt_tokens_details
    const cached = (isObject(details) ? numberOf(details.cached_tokens) : undefined) ?? 0
    const nanoUsd = costOf(this.#target, { tokensIn, tokensOut, cached })
    this.#hold.settle({ nanoUsd, tokensIn, tokensOut, counted: told === null })
  }

  nothing(): void {
    if (this.#close()) this.#hold.release()
  }

  #close(): boolean {
    if (!this.#open) return false
    this.#open = false
    this.#over()
    return true
  }
}

/** The same stream, counted as it goes by. Usage that only we asked for goes no further. */
function billed(stream: WireStream, bill: Bill, asked: boolean): WireStream {
  return {
    kind: 'stream',
    pause: stream.pause,
    resume: stream.resume,
    read(sink: FrameSink) {
      stream.read({
        frames(frames) {
          let usageOnly = false
          for (const chunk of frames.chunks) {
            bill.chunk(chunk)
            if (!asked && isUsageOnly(chunk)) usageOnly = true
          }
          const passed = usageOnly ? withoutUsage(frames) : frames
          if (passed.chunks.length > 0) sink.frames(passed)
        },
        end() {
          bill.cut()
          sink.end()
        },
        fail(failure) {
          bill.cut()
          sink.fail(failure)
        },
      })
    },
  }
}

const isUsageOnly = ({ choices, usage }: ChatChunk): boolean =>
  isObject(usage) && listOf(choices).length === 0

function withoutUsage({ chunks }: Frames): Frames {
  const kept = chunks.filter((chunk) => !isUsageOnly(chunk))
  return {
    chunks: kept,
    bytes: Buffer.from(kept.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('')),
  }
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.round(value) : undefined

/** How much an answer says: words, reasoning, and what tools are called with. */
function charsOf(message: unknown): number {
  if (!isObject(message)) return 0
  const { content, reasoning_content: reasoning, refusal, tool_calls: calls } = message
  let chars = 0
  for (const text of [content, reasoning, refusal]) if (typeof text === 'string') chars += text.length
  for (const call of listOf(calls))
    if (isObject(call) && isObject(call.function))
      chars += String(call.function.name ?? '').length + String(call.function.arguments ?? '').length
  return chars
}
