import type { ChatChunk } from './llm.ts'

/** Somebody else's server of language models, asked in bytes: what it says is looked at once and passed on as it came. One call is one try. */
export interface LlmWire {
  /** Its host: what errors call it. */
  readonly name: string
  /**
   * Resolves with the whole answer, or with a stream once its first frame is there; so a failure before the first token still rejects. Aborting
   * the signal stops the server at once. Rejects with `engine.refused`, `engine.unreachable`, `engine.cut`, `call.timeout`,
   * `peer.unintelligible` or the signal's reason.
   */
  send(call: WireCall, signal: StopSignal): Promise<WireAnswer>
  missing(): Promise<Error | null>
  /** Lets what is under way come to its end; nothing new is asked. */
  retire(): Promise<void>
  close(): Promise<void>
}

/** What is looked at of an `AbortSignal`. */
export interface StopSignal extends Pick<AbortSignal, 'aborted' | 'reason' | 'throwIfAborted'> {
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

export interface WireCall {
  /** Under the base URL, such as `chat/completions`. */
  readonly path: string
  readonly body: string | Uint8Array
  readonly stream: boolean
  /** Whether an answer must carry `choices`, as chat does. */
  readonly choices: boolean
}

export interface WireWhole {
  readonly kind: 'whole'
  readonly bytes: Buffer
  readonly json: Readonly<Record<string, unknown>>
}

/** A stream that has begun. It says nothing until it is read. */
export interface WireStream {
  readonly kind: 'stream'
  /** To be called once. Exactly one of the sink's `end` and `fail` is called, last. */
  read(sink: FrameSink): void
  /** Holds the server back while the reader cannot take more. */
  pause(): void
  resume(): void
}
export type WireAnswer = WireWhole | WireStream

/** Whole events of a stream. `bytes` are exactly those of `chunks`, each as `data: …` with its blank line. */
export interface Frames {
  readonly bytes: Buffer
  readonly chunks: readonly ChatChunk[]
}

export interface FrameSink {
  frames(frames: Frames): void
  /** The server has finished the answer. `[DONE]` is not among the frames. */
  end(): void
  fail(failure: unknown): void
}
