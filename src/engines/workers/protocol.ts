import type { ErrorKind, ErrorParams } from '../../kernel/errors.ts'

/** What a pool and its child say to each other. One job at a time; its bytes come first, in slices, then `run`. */
export type ToChild =
  | { readonly type: 'bytes'; readonly slice: Uint8Array }
  | { readonly type: 'run'; readonly method: string; readonly payload: unknown }
  | { readonly type: 'taken'; readonly message: number }

export type FromChild =
  | { readonly type: 'ready' }
  | { readonly type: 'message'; readonly message: number; readonly body: unknown }
  | { readonly type: 'done'; readonly result: unknown }
  | { readonly type: 'failed'; readonly error: ErrorOnTheWire }

/** An AppError between processes. `trace` is there for a bug: what was thrown, for the log. */
export interface ErrorOnTheWire {
  readonly kind: ErrorKind
  readonly code: string
  readonly message: string
  readonly params: ErrorParams
  readonly retryable: boolean
  readonly retryAfterMs: number | undefined
  readonly trace: string | undefined
}

/** Bytes of a job travel in slices of this size, so that no single copy holds the event loop. */
export const SLICE_BYTES = 1 << 20
