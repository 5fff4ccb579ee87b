import { AppError, catalogue, kernelError } from '../../kernel/errors.ts'

export const httpError = catalogue({
  'http.invalid': ['invalid', 'The request cannot be read: {detail}', 'Запит неможливо прочитати: {detail}'],
  'http.not_utf8': ['invalid', 'The request is not text in UTF-8.', 'Запит не є текстом у кодуванні UTF-8.'],
  'http.too_nested': [
    'invalid',
    'The request is nested too deep, or holds too many parts.',
    'Запит завглибоко вкладений або має забагато частин.',
  ],
  'http.text_invalid': [
    'invalid',
    '{field} holds characters that cannot be stored.',
    'У полі {field} є знаки, яких неможливо зберегти.',
  ],
  'http.bad_address': ['invalid', 'This address cannot be read.', 'Таку адресу неможливо прочитати.'],
  'http.too_slow': ['invalid', 'The request did not arrive in time.', 'Запит не надійшов вчасно.'],
  'http.too_large': ['too_large', 'The request is larger than allowed.', 'Запит більший, ніж дозволено.'],
  'http.unsupported': [
    'unsupported',
    'This kind of request body is not accepted.',
    'Такий вид запиту не приймається.',
  ],
  'auth.bad_credential': [
    'unauthenticated',
    'This session or key no longer works. Sign in again.',
    'Цей сеанс або ключ більше не діє. Увійдіть знову.',
  ],
  'auth.wrong_origin': [
    'forbidden',
    'The request came from another site and was refused.',
    'Запит надійшов з іншого сайту, тож його відхилено.',
  ],
  'http.stopping': [
    'unavailable',
    'The city is being restarted. Try again in a few seconds.',
    'Місто перезапускається. Спробуйте за кілька секунд.',
  ],
})

/** Whatever a route threw, as an AppError: also the HTTP server's own refusals, which carry a status. */
export function failureOf(error: unknown): AppError {
  if (error instanceof AppError || !(error instanceof Error)) return AppError.from(error)
  const code = 'code' in error ? error.code : undefined
  if (code === 'FST_ERR_BAD_URL') return httpError('http.bad_address', {}, { cause: error })
  const status = 'statusCode' in error ? error.statusCode : undefined
  // A name longer than any address has names nothing.
  if (status === 414) return kernelError('http.not_found', {}, { cause: error })
  if (status === 404) return kernelError('http.not_found', {}, { cause: error })
  if (status === 413) return httpError('http.too_large', {}, { cause: error })
  if (status === 415) return httpError('http.unsupported', {}, { cause: error })
  if (status === 503) return httpError('http.stopping', {}, { cause: error, retryAfterMs: 2_000 })
  if (typeof status === 'number' && status >= 400 && status < 500)
    return httpError('http.invalid', { detail: error.message }, { cause: error })
  return AppError.from(error)
}

/** Seconds after which another try may do, for the header `retry-after`. */
export const retryAfter = ({ retryAfterMs }: AppError): string | undefined =>
  retryAfterMs === undefined ? undefined : String(Math.max(1, Math.ceil(retryAfterMs / 1000)))
