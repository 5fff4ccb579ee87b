import { z } from 'zod'
import { type AppError, type ErrorKind, Failure } from '../../kernel/errors.ts'

/** A failure as the clients of OpenAI's API read it, which is how everything under `/v1` answers. `daarion` is the city's own shape, for who puts it into words. */
export const OpenAiError = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    code: z.union([z.string(), z.number()]).nullable(),
    param: z.unknown(),
    daarion: Failure,
  }),
})
export type OpenAiError = z.infer<typeof OpenAiError>

/** Puts a failure into OpenAI's shape; `param` is the field of the request that it is about. */
export function openAiError(failure: AppError, param: string | null = null): OpenAiError {
  const { code, kind, message } = failure
  const type = TYPES[kind] ?? 'invalid_request_error'
  return { error: { message, type, code, param, daarion: failure.toJSON().error } }
}

/** Every other kind is about the request. */
const TYPES: Readonly<Partial<Record<ErrorKind, string>>> = {
  unauthenticated: 'authentication_error',
  forbidden: 'permission_error',
  rate_limited: 'rate_limit_error',
  internal: 'api_error',
  upstream: 'api_error',
  unavailable: 'api_error',
  timeout: 'api_error',
}
