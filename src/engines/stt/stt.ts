import { z } from 'zod'

/** What was said. `speech: false` means that nobody speaks: then there is no text. */
export const Transcript = z.object({
  text: z.string(),
  /** ISO 639-1, as heard or as told. */
  language: z.string().nullable(),
  speech: z.boolean(),
  /** Seconds from the start. */
  segments: z.array(z.object({ start: z.number(), end: z.number(), text: z.string() })),
  /** Which driver and model answered, such as `whisper/whisper-base`. */
  engine: z.string(),
  durationMs: z.number(),
})
export type Transcript = z.infer<typeof Transcript>

export interface SttOptions {
  /** ISO 639-1; found out where nothing is said. */
  readonly language?: string
  readonly signal?: AbortSignal
  /** How much is done, 0…1. */
  onProgress?(share: number): void
}

/** Speech to text. Bytes are a whole file as a browser or messenger sends it. */
export interface Stt {
  readonly name: string
  /** Null where it can work, otherwise why not, as the error it would fail with. */
  missing(): Promise<Error | null>
  transcribe(audio: { bytes: Uint8Array; mime: string }, options?: SttOptions): Promise<Transcript>
}
