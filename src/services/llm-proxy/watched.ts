import { AppError } from '../../kernel/errors.ts'
import type { Metrics, Tally } from '../../platform/metrics.ts'
import type { Timing } from '../../platform/timings.ts'
import type { Ask } from './ask.ts'

const KEPT_SHARE = 0.8

/** Counts what is asked and how it ends, and how long a first word takes. The names of models and providers are those of the file, so there are few of them. */
export function watchedAsk(ask: Ask, metrics?: Pick<Metrics, 'counter' | 'histogram'>) {
  const requests = metrics?.counter('llm_requests_total', 'Requests to language models by who answered', [
    'provider',
    'model',
    'outcome',
  ])
  const times = metrics?.histogram('llm_latency_seconds', 'Time to the first word, retries included', [
    'model',
  ])
  const lines = new Map<string, { readonly tally: Tally | undefined; readonly timing: Timing | undefined }>()
  const latencies = new Map<string, number>()
  const line = (provider: string, model: string, outcome: string) => {
    const key = `${provider} ${model} ${outcome}`
    const known = lines.get(key)
    if (known) return known
    const fresh = {
      tally: requests?.of({ provider, model, outcome }),
      timing: outcome === 'done' ? times?.of({ model }) : undefined,
    }
    lines.set(key, fresh)
    return fresh
  }
  const watched: Ask = async (asked, asker, signal) => {
    const since = performance.now()
    try {
      const answer = await ask(asked, asker, signal)
      const ms = performance.now() - since
      const { model, provider } = answer.by
      const { tally, timing } = line(provider, model, 'done')
      tally?.inc()
      timing?.observe(ms / 1_000)
      const before = latencies.get(model)
      latencies.set(model, before === undefined ? ms : before * KEPT_SHARE + ms * (1 - KEPT_SHARE))
      return answer
    } catch (cause) {
      line('', '', signal.aborted ? 'cancelled' : AppError.from(cause).kind).tally?.inc()
      throw cause
    }
  }
  return {
    ask: watched,
    /** To the first word, in milliseconds, lately; null where it has not answered yet. */
    latencyOf: (model: string): number | null => latencies.get(model) ?? null,
  }
}
