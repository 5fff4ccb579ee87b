import { saidByProvider } from '../../engines/llm/provider-error.ts'
import type { AppError, ErrorKind } from '../../kernel/errors.ts'

/** A failure as OpenAI's clients read it. `daarion` adds what only ours understand. */
export interface OpenAiError {
  readonly error: {
    readonly message: string
    readonly type: string
    readonly code: string | number | null
    readonly param: unknown
    readonly daarion: {
      readonly kind: string
      readonly code: string
      /** In the city's own words: a provider's may repeat what people said. */
      readonly message: string
      readonly params: Readonly<Record<string, string | number>>
    }
  }
}

const TYPES: Readonly<Partial<Record<ErrorKind, string>>> = {
  unauthenticated: 'authentication_error',
  forbidden: 'permission_error',
  rate_limited: 'rate_limit_error',
  internal: 'api_error',
  upstream: 'api_error',
  unavailable: 'api_error',
  timeout: 'api_error',
}
/** Refusals that are about the request itself: the provider's own words and status are what the client can act on. */
const ABOUT_THE_REQUEST = new Set([400, 404, 413, 422])

/** Puts a failure into OpenAI's shape. What a provider says against our own key or state is never passed on as if it were the client's fault. */
export function openAiError(failure: AppError): { readonly status: number; readonly body: OpenAiError } {
  const { kind, code, params, message } = failure
  const daarion = { kind, code, message, params }
  const said = saidByProvider(failure)
  const status = Number(params.status)
  if (said && ABOUT_THE_REQUEST.has(status)) {
    const { type, code: theirs, param = null } = said
    const error = {
      message: said.message,
      type: type ?? 'invalid_request_error',
      code: theirs ?? null,
      param,
    }
    return { status, body: { error: { ...error, daarion } } }
  }
  const busy = status === 429
  const type = busy ? 'rate_limit_error' : (TYPES[kind] ?? 'invalid_request_error')
  const error = { message, type, code, param: null, daarion }
  return { status: busy ? 429 : failure.status, body: { error } }
}
