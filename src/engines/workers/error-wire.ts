import { AppError, kernelError } from '../../kernel/errors.ts'
import type { ErrorOnTheWire } from './protocol.ts'

/** What a child threw, for its parent. */
export function onTheWire(cause: unknown): ErrorOnTheWire {
  const { kind, code, message, params, retryable, retryAfterMs } = AppError.from(cause)
  const isBug = !(cause instanceof AppError)
  const trace = isBug ? String(cause instanceof Error ? cause.stack : cause).slice(0, 2000) : undefined
  return { kind, code, message, params, retryable, retryAfterMs, trace }
}

/** The same error again. A bug in the child keeps what was thrown there as its cause, for the log. */
export function fromTheWire(error: ErrorOnTheWire): AppError {
  const { code, kind, message, params, retryAfterMs, retryable, trace } = error
  const options = { retryable, ...(retryAfterMs !== undefined && { retryAfterMs }) }
  if (trace === undefined) return new AppError(kind, code, message, params, options)
  return code === 'internal'
    ? kernelError('internal', {}, { cause: new Error(trace) })
    : new AppError(kind, code, message, params, { ...options, cause: new Error(trace) })
}
