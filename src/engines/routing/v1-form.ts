import type { Facts, Scalar } from './decide.ts'

/** A request in v1's form, as far as routing looks at it. */
export interface V1Form {
  readonly mode?: string | undefined
  readonly agent?: string | undefined
  readonly message: string
  readonly dao_id?: string | undefined
  readonly session_id?: string | undefined
  readonly user_id?: string | undefined
  readonly payload?: { readonly [key: string]: unknown; readonly context?: Context | undefined } | undefined
}
type Context = { readonly [key: string]: unknown; readonly system_prompt?: string | undefined }

const MAX_METADATA = 100

/** What v1's rules look at. Metadata are the ids and whatever single value stands in `payload` and `payload.context`, the latter before the former. */
export function factsOfV1(request: V1Form, now: number): Facts {
  const { mode = null, agent = null, message, dao_id, session_id, user_id, payload } = request
  const metadata: Record<string, Scalar> = {}
  for (const [key, value] of [
    ...scalars(payload),
    ...scalars(payload?.context),
    ...scalars({ dao_id, session_id, user_id }),
  ].slice(-MAX_METADATA))
    if (key !== 'system_prompt') metadata[key] = value
  return { mode, agent, text: message, metadata, now }
}

const scalars = (from: object | undefined): [string, Scalar][] =>
  Object.entries(from ?? {}).filter((entry): entry is [string, Scalar] =>
    ['string', 'number', 'boolean'].includes(typeof entry[1]),
  )

/** What in a request of v1 is more than text, by name; null where nothing is. */
export function beyondText(request: Readonly<Record<string, unknown>>): string | null {
  const payload = request.payload as { readonly context?: unknown } | undefined
  const context = Object(payload?.context) as Readonly<Record<string, unknown>>
  const beside = ['parts', 'attachments'].find((name) => isThere(request[name]))
  return beside ?? ['images', 'files', 'audio'].find((name) => isThere(context[name])) ?? null
}

const isThere = (value: unknown): boolean => {
  if (value === undefined || value === null || value === '') return false
  return Array.isArray(value) ? value.length > 0 : true
}

/** v1's envelope around an answer. */
export function v1Envelope(
  request: V1Form,
  decision: { readonly rule: string | null; readonly agent: string | null },
  answer: {
    readonly provider: string
    readonly text: string
    readonly model: string
    readonly usage: {
      readonly prompt_tokens: number
      readonly completion_tokens: number
      readonly total_tokens: number
    } | null
  },
) {
  const { mode = null, agent = null, dao_id = null, session_id = null, user_id = null } = request
  const { provider, text, model, usage } = answer
  return {
    ok: true as const,
    provider,
    data: { text, model, usage },
    metadata: { rule: decision.rule, agent: decision.agent ?? agent, mode, dao_id, session_id, user_id },
  }
}
