import { saidByProvider } from '../../engines/llm/provider-error.ts'
import type { AppError } from '../../kernel/errors.ts'
import { type OpenAiError, openAiError } from '../../platform/http/openai-error.ts'

/** Refusals that are about the request itself: the provider's own words and status are what the client can act on. */
const ABOUT_THE_REQUEST = new Set([400, 404, 413, 422])

/** What a client is told of a failed completion. What a provider says against our own key or state is never passed on as if it were the client's fault. */
export function completionError(failure: AppError): { readonly status: number; readonly body: OpenAiError } {
  const ours = openAiError(failure)
  const status = Number(failure.params.status)
  if (status === 429) return { status, body: { error: { ...ours.error, type: 'rate_limit_error' } } }
  const said = saidByProvider(failure)
  if (!said || !ABOUT_THE_REQUEST.has(status)) return { status: failure.status, body: ours }
  const { message, type, code, param = null } = said
  const theirs = { message, type: type ?? 'invalid_request_error', code: code ?? null, param }
  return { status, body: { error: { ...ours.error, ...theirs } } }
}
