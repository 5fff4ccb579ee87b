import type { ChatRequest } from '../../engines/llm/llm.ts'
import type { StopSignal, WireAnswer } from '../../engines/llm/wire.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Answer, Asked, Asker, AskNeeds } from './ask.ts'
import { Bill, billed } from './bill.ts'
import { askEngine } from './engine-wire.ts'
import { costOf, type Facts, isObject, outputTokens } from './facts.ts'
import { signalOf } from './leaving.ts'
import type { Hold } from './ledger.ts'
import { llmProxyError } from './llm-proxy.errors.ts'
import type { Target } from './models.ts'

/** One try at one model: held, asked, paid for. */
export function createAttempt({ health, ledger, redact }: AskNeeds) {
  const underWay = new Map<string, number>()

  return async (
    target: Target,
    asked: Asked,
    asker: Asker,
    facts: Facts,
    signal: StopSignal,
  ): Promise<Answer> => {
    const busy = underWay.get(target.provider) ?? 0
    if (busy >= target.concurrent)
      throw llmProxyError(
        'llm_proxy.provider_full',
        { provider: target.provider, limit: target.concurrent },
        { retryAfterMs: 1_000 },
      )
    const { request } = asked
    const tokensIn = facts.inputTokens
    let hold = NO_HOLD
    if (ledger) {
      const most = outputTokens(request, target)
      const held = ledger.reserve({
        payer: asker.payer,
        kind: 'chat',
        model: target.id,
        provider: target.provider,
        nanoUsd: costOf(target, { tokensIn, tokensOut: most }),
        tokens: tokensIn + most,
      })
      hold = held instanceof Promise ? await held : held
    }
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

function send(
  target: Target,
  { request, bytes }: Asked,
  signal: StopSignal,
  redact: AskNeeds['redact'],
): Promise<WireAnswer> {
  const stream = request.stream === true
  if (target.engine) return askEngine(target.engine, { ...request, model: target.name }, signalOf(signal))
  const clean = target.local || target.redact === 'none' ? null : (redact?.(request, target) ?? null)
  const usage = stream && target.streamUsage && !wantsUsage(request)
  const body =
    bytes && !clean && !usage && request.model === target.name && request.daarion === undefined
      ? bytes
      : JSON.stringify(foreign(clean ?? request, target, usage))
  if (!target.wire) throw llmProxyError('llm_proxy.none_fits', { model: target.id, why: 'none' })
  return target.wire.send({ path: 'chat/completions', body, stream, choices: true }, signal)
}

/** What a provider is sent: its own name of the model, and nothing of the city's hints. */
function foreign({ daarion: _ours, ...request }: ChatRequest, { name }: Target, usage: boolean): object {
  if (!usage) return { ...request, model: name }
  const options = isObject(request.stream_options) ? request.stream_options : {}
  return { ...request, model: name, stream_options: { ...options, include_usage: true } }
}

const wantsUsage = ({ stream_options: options }: ChatRequest): boolean =>
  isObject(options) && options.include_usage === true

/** Whether another model may do better: everything but what is wrong with the request itself, or with who asks. */
export function isTargets(failure: AppError): boolean {
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
