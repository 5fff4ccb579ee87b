import { z } from 'zod'
import { AppError } from '../../kernel/errors.ts'
import { modelOf, type Target } from './decide.ts'
import { routingError } from './routing.errors.ts'
import type { KnownModel } from './rules.ts'

/** The language models, for one caller, in OpenAI's wire format. */
export interface TextModels {
  /** With its `/v1`. */
  readonly baseUrl: string
  readonly fetch: typeof globalThis.fetch
}

export interface TextAnswer {
  readonly provider: string
  readonly text: string
  readonly model: string
  readonly usage: Usage | null
  /** US dollars, where the city's door to the models says so. */
  readonly costUsd: number
}
type Usage = z.infer<typeof Usage>

const Usage = z.object({
  prompt_tokens: z.number().int(),
  completion_tokens: z.number().int(),
  total_tokens: z.number().int(),
})
const Completion = z.object({
  model: z.string().optional(),
  choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }) })).min(1),
  usage: Usage.nullish().catch(null),
})
const Priced = z.object({ usage: z.object({ cost: z.number().min(0) }) })

export interface TextQuestion {
  readonly system: string | null
  readonly user: string
  readonly agent: string | null
}

/** Asks the model that a decision names for a whole answer. What the provider fails with is `routing.provider_failed`, 502, whatever it said. */
export async function answerText(
  target: Target,
  question: TextQuestion,
  known: readonly KnownModel[],
  { baseUrl, fetch }: TextModels,
  signal: AbortSignal,
): Promise<TextAnswer> {
  const model = modelOf(target, known)
  if (!model) throw routingError('routing.no_model', { wanted: wantedOf(target) })
  const system = [target.prompt, question.system].filter((text) => text !== null).join('\n\n')
  const messages = [
    ...(system === '' ? [] : [{ role: 'system', content: system }]),
    { role: 'user', content: question.user },
  ]
  const maxTokens = affordable(target, model, system.length + question.user.length)
  const body = JSON.stringify({
    model: model.id,
    messages,
    ...(target.temperature !== null && { temperature: target.temperature }),
    ...(maxTokens !== null && { max_tokens: maxTokens }),
  })
  const headers = {
    'content-type': 'application/json',
    ...(question.agent !== null &&
      /^[\x21-\x7e]{1,100}$/.test(question.agent) && { 'x-daarion-agent': question.agent }),
  }
  const response = await ask(
    () => fetch(`${baseUrl}/chat/completions`, { method: 'POST', headers, body, signal }),
    signal,
  )
  const said: unknown = await response.json().catch(() => signal.throwIfAborted())
  const answer = Completion.safeParse(said)
  if (!answer.success) throw routingError('routing.provider_failed', { status: 'nothing that can be read' })
  const { choices, usage = null } = answer.data
  const id = answer.data.model ?? model.id
  return {
    text: choices[0]?.message.content ?? '',
    model: id,
    provider: known.find((one) => one.id === id)?.provider ?? model.provider,
    usage,
    costUsd: Priced.safeParse(said).data?.usage.cost ?? 0,
  }
}

async function ask(request: () => Promise<Response>, signal: AbortSignal): Promise<Response> {
  const response = await request().catch((cause: unknown) => {
    signal.throwIfAborted()
    throw routingError('routing.provider_failed', { status: AppError.from(cause).message }, { cause })
  })
  if (response.ok) return response
  await response.body?.cancel()
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  const later = Number.isFinite(seconds) ? { retryAfterMs: seconds * 1000 } : {}
  const retryable = response.status === 429 || response.status >= 500
  throw routingError('routing.provider_failed', { status: response.status }, { retryable, ...later })
}

const LETTERS_PER_TOKEN = 3

/** How long an answer may be at most, by what it may cost; null where nothing bounds it. */
function affordable({ maxTokens, maxUsd }: Target, model: KnownModel, letters: number): number | null {
  if (maxUsd === null || !model.price || model.price.out === 0) return maxTokens
  const asked = (letters / LETTERS_PER_TOKEN / 1e6) * model.price.in
  const left = Math.floor(((maxUsd - asked) / model.price.out) * 1e6)
  if (left < 1) throw routingError('routing.too_costly', { model: model.id, limit: maxUsd })
  return maxTokens === null ? left : Math.min(maxTokens, left)
}

const wantedOf = ({ provider, capabilities }: Target): string =>
  [...(provider ? [provider] : []), ...capabilities].join(', ') || 'city'

/** The models as the proxy lists them, for choosing among. What it does not say of one is not known. */
export function knownModel(listed: unknown): KnownModel {
  const { id, owned_by, capabilities, price } = Listed.parse(listed)
  return { id, provider: owned_by, capabilities, ...(price && { price }) }
}

const Listed = z.object({
  id: z.string(),
  owned_by: z.string(),
  capabilities: z.array(z.string()).catch([]),
  /** USD for a million tokens. */
  price: z.object({ in: z.number(), out: z.number() }).optional().catch(undefined),
})
