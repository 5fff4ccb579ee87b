/** What speech comes as. `pcm` is 16-bit little-endian at 24 kHz, one channel, without a header, as OpenAI has it. */
export const SPEECH_FORMATS = ['mp3', 'opus', 'aac', 'flac', 'wav', 'pcm'] as const
export type SpeechFormat = (typeof SPEECH_FORMATS)[number]

/** How a voice sounds: `robotic` for a synthesiser of rules, which people should be told before they listen. */
export type VoiceQuality = 'natural' | 'robotic'

/** A text, spoken. */
export interface Speech {
  readonly bytes: Uint8Array
  /** What the bytes are; where a wish for a format could not be met, another than asked. */
  readonly mime: string
  readonly format: SpeechFormat
  /** Which driver and voice or model spoke, such as `espeak/uk`. */
  readonly engine: string
  /** ISO 639-1: the language it was read in, as told or as its script has it. */
  readonly language: string
  readonly quality: VoiceQuality
  readonly usage?: { readonly unit: 'characters'; readonly amount: number; readonly cost?: number }
}

export interface Voice {
  readonly id: string
  readonly name: string
  /** ISO 639-1; empty where the voice reads any. */
  readonly languages: readonly string[]
  readonly quality: VoiceQuality
}

export interface SpeakOptions {
  /** One of `voices()`; the engine's own choice for the language where nothing is said. OpenAI's names mean that too where an engine has no such voice. */
  readonly voice?: string | undefined
  /** ISO 639-1; found from the text's script where nothing is said. */
  readonly language?: string | undefined
  /** `mp3` where nothing is said. What the machine cannot encode comes as `wav`, and says so. */
  readonly format?: SpeechFormat | undefined
  /** 0.25…4; 1 where nothing is said. */
  readonly speed?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** How much is done, 0…1. */
  onProgress?(share: number): void
}

/** Text to speech. A text longer than a voice takes at once is read in pieces, cut between sentences, and comes as one sound. */
export interface Tts {
  readonly name: string
  /** Who is paid where it is asked; nobody where nothing is said. */
  readonly paid?: readonly string[]
  /** Null where it can work, otherwise why not, as the error it would fail with. */
  missing(): Promise<Error | null>
  voices(signal?: AbortSignal): Promise<readonly Voice[]>
  /** Reads the text as it is: markup is the caller's to take out. `speech.empty` where there is nothing to read, `speech.too_long`, `speech.no_voice` for a language nobody here reads. */
  speak(text: string, options?: SpeakOptions): Promise<Speech>
}

/** The most characters a driver reads in one call. */
export const LONGEST_TEXT = 10_000

export const SPEECH_MIMES: Readonly<Record<SpeechFormat, string>> = {
  mp3: 'audio/mpeg',
  opus: 'audio/ogg',
  aac: 'audio/aac',
  flac: 'audio/flac',
  wav: 'audio/wav',
  pcm: 'audio/pcm',
}
