import { AppError, ErrorBody, kernelError } from '../../../../src/kernel/errors.ts'

export interface Uploading {
  readonly blob: Blob
  readonly name: string
  /** The same key again goes on with the same upload, also after the page was closed. */
  readonly key: string
}

/** What the city answered an upload with. */
export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly retryAfter: string | null | undefined
}

/** What the city says instead of taking a file. */
export function refusal({ status, body, retryAfter }: Answer): AppError {
  const seconds = Number(retryAfter ?? Number.NaN)
  const options = Number.isFinite(seconds) ? { retryAfterMs: seconds * 1000 } : {}
  const said = ErrorBody.safeParse(body)
  if (!said.success)
    return kernelError(
      'peer.unintelligible',
      { peer: location.host, status },
      { ...options, retryable: status >= 500 },
    )
  const { kind, code, message, params } = said.data.error
  return new AppError(kind, code, message, params, options)
}
