import { z } from 'zod'

/** A word and when it is said, in seconds from the start. */
export const SpokenWord = z.object({ word: z.string(), start: z.number(), end: z.number() })
export type SpokenWord = z.infer<typeof SpokenWord>

/** A stretch of speech, in seconds from the start. */
export const Segment = z.object({
  start: z.number(),
  end: z.number(),
  text: z.string(),
  /** Where they were asked for and the engine hears them; never spread out by guess. */
  words: z.array(SpokenWord).optional(),
  /** Whose turn it is, by the engine's own name for the voice; only where it tells voices apart. */
  speaker: z.string().optional(),
})
export type Segment = z.infer<typeof Segment>

/** What was said. `speech: false` means that nobody speaks: then there is no text. */
export const Transcript = z.object({
  text: z.string(),
  /** ISO 639-1, as heard or as told: what was spoken, also where the text is a translation. */
  language: z.string().nullable(),
  speech: z.boolean(),
  segments: z.array(Segment),
  /** Which driver and model answered, such as `whisper/whisper-base`. */
  engine: z.string(),
  durationMs: z.number(),
  /** What a provider counted. */
  usage: z
    .object({ unit: z.enum(['seconds', 'tokens']), amount: z.number(), cost: z.number().optional() })
    .optional(),
})
export type Transcript = z.infer<typeof Transcript>

export interface SttOptions {
  /** ISO 639-1; found out where nothing is said. */
  readonly language?: string | undefined
  /** What is said, or what it means in English. `transcribe` where nothing is said. */
  readonly task?: 'transcribe' | 'translate' | undefined
  /** Times of words too, where the engine hears them. */
  readonly words?: boolean | undefined
  /** Names and terms to expect, in the language of the recording. A hint: an engine may let it go. */
  readonly prompt?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** How much is done, 0…1. */
  onProgress?(share: number): void
  /** Each stretch as soon as it is heard, in order; together they are the transcript's segments. An engine that hears all at once tells them at the end. */
  onPartial?(segment: Segment): void
}

/** Speech to text. Bytes are a whole file as a browser or messenger sends it. */
export interface Stt {
  readonly name: string
  /** Who is paid where it is asked; nobody where nothing is said. */
  readonly paid?: readonly string[]
  /** Null where it can work, otherwise why not, as the error it would fail with. */
  missing(): Promise<Error | null>
  transcribe(audio: { bytes: Uint8Array; mime: string }, options?: SttOptions): Promise<Transcript>
}
