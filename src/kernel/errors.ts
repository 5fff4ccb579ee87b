import { z } from 'zod'

const STATUS = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unsupported: 415,
  rate_limited: 429,
  cancelled: 499,
  internal: 500,
  upstream: 502,
  unavailable: 503,
  timeout: 504,
} as const
export type ErrorKind = keyof typeof STATUS
export const statusOf = (kind: ErrorKind): number => STATUS[kind]

export type ErrorParams = Readonly<Record<string, string | number>>

/** A failure as it is kept and told: a reader's side puts code and parameters into words. */
export const Failure = z.object({
  // The keys of STATUS are exactly ErrorKind.
  kind: z.enum(Object.keys(STATUS) as [ErrorKind, ...ErrorKind[]]),
  code: z.string(),
  message: z.string(),
  params: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
})
export type Failure = z.infer<typeof Failure>

/** The one shape of an error on the wire. */
export const ErrorBody = z.object({ error: Failure })
export type ErrorBody = z.infer<typeof ErrorBody>

/** What a code means: its kind, and one sentence a person understands, in both languages, with `{param}` slots. */
export interface ErrorEntry {
  readonly kind: ErrorKind
  readonly en: string
  readonly uk: string
}

export interface ErrorOptions {
  readonly cause?: unknown
  /** Whether the same call may succeed later or elsewhere; by default what the kind says. */
  readonly retryable?: boolean
  /** When to come back; sent as `Retry-After`. */
  readonly retryAfterMs?: number
}

const PASSING: readonly ErrorKind[] = ['unavailable', 'timeout', 'rate_limited']

/** Every failure a caller may see. `code` and `params` are stable; the reader's side puts them into words. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly kind: ErrorKind
  readonly code: string
  readonly params: ErrorParams
  readonly retryable: boolean
  readonly retryAfterMs: number | undefined

  constructor(
    kind: ErrorKind,
    code: string,
    message: string,
    params: ErrorParams = {},
    options: ErrorOptions = {},
  ) {
    super(message, { cause: options.cause })
    this.kind = kind
    this.code = code
    this.params = params
    this.retryable = options.retryable ?? PASSING.includes(kind)
    this.retryAfterMs = options.retryAfterMs
  }

  get status(): number {
    return STATUS[this.kind]
  }

  toJSON(): ErrorBody {
    const { kind, code, message, params } = this
    return { error: { kind, code, message, ...(Object.keys(params).length > 0 && { params }) } }
  }

  /** Anything thrown, as an AppError. What is neither one nor an abort is a bug of ours. */
  static from(cause: unknown): AppError {
    if (cause instanceof AppError) return cause
    const name = cause instanceof Error ? cause.name : ''
    if (name === 'TimeoutError') return kernelError('call.timeout', {}, { cause })
    return kernelError(name === 'AbortError' ? 'call.cancelled' : 'internal', {}, { cause })
  }
}

/** Makes the errors of one part of the city by their codes. `entries` feeds `docs/errors.md` and the web app's words. */
export interface Fail<Code extends string> {
  (code: Code, params?: ErrorParams, options?: ErrorOptions): AppError
  readonly entries: Readonly<Record<Code, ErrorEntry>>
}

/** Declares the codes of one part of the city: `{ 'city.room_not_found': ['not_found', english, ukrainian] }`. */
export function catalogue<Code extends string>(
  table: Readonly<Record<Code, readonly [kind: ErrorKind, en: string, uk: string]>>,
): Fail<Code> {
  const pairs = Object.entries<readonly [ErrorKind, string, string]>(table)
  const entries = Object.fromEntries(pairs.map(([code, [kind, en, uk]]) => [code, { kind, en, uk }]))
  const fail = (code: Code, params: ErrorParams = {}, options: ErrorOptions = {}) => {
    const [kind, en] = table[code]
    return new AppError(kind, code, fill(en, params), params, options)
  }
  // The keys of `table` are exactly Code; Object.fromEntries forgets that.
  return Object.assign(fail, { entries: entries as Record<Code, ErrorEntry> })
}

/** Puts parameters into the `{slots}` of a sentence. */
export const fill = (sentence: string, params: ErrorParams): string =>
  sentence.replace(/\{(\w+)\}/g, (slot, key: string) => String(params[key] ?? slot))

export const kernelError = catalogue({
  internal: [
    'internal',
    'Something broke on our side and is noted.',
    'Щось зламалося в нас; це вже записано.',
  ],
  'input.invalid': ['invalid', 'This cannot be accepted: {detail}', 'Цього не можна прийняти: {detail}'],
  'http.not_found': ['not_found', 'There is nothing here.', 'Тут нічого немає.'],
  'auth.required': ['unauthenticated', 'Sign in first.', 'Спершу ввійдіть.'],
  'auth.forbidden': ['forbidden', 'You may not do this.', 'Ви не можете цього зробити.'],
  'auth.out_of_scope': ['forbidden', 'This key was made without {right}.', 'Цей ключ створено без {right}.'],
  'call.timeout': ['timeout', 'It took too long and was stopped.', 'Це тривало задовго, тож ми зупинили.'],
  'call.cancelled': ['cancelled', 'It was cancelled.', 'Скасовано.'],
  'peer.unreachable': ['unavailable', '{peer} cannot be reached.', '{peer} недоступний.'],
  'peer.unintelligible': [
    'upstream',
    '{peer} answered {status}, unreadably.',
    '{peer} відповів {status}, нечитно.',
  ],
})
