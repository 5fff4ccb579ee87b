/** One letter. Plain text is all a reader needs; `html` is for what a client may show better. */
export interface Letter {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html?: string
  /** The same for every try of one letter, so that a receiver can tell a repeat. */
  readonly id: string
}

/** Sends mail. Whoever sends one that must arrive does so in a durable consumer, which tries again. */
export interface Mail {
  /** Resolves when the next server has taken the letter over. Rejects with `mail.unreachable` (retryable) or `mail.refused` (not). */
  send(letter: Letter, signal: AbortSignal): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
