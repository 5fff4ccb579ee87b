import { deflateSync } from 'node:zlib'
import {
  AutoProcessor,
  env,
  LogLevel,
  Tensor,
  WhisperForConditionalGeneration,
  WhisperTokenizer,
} from '@huggingface/transformers'
import type { SpokenWord } from './stt.ts'
import type { Span } from './windows.ts'
import { wordsBySegment } from './word-times.ts'

/** What the model makes of a window's first moment: the odds of each language, and of nobody speaking. */
export interface Heard {
  readonly languages: ReadonlyMap<string, number>
  readonly noSpeech: number
}

/** One stretch of text, with its words where their times were asked for; times in seconds from the start of the window. */
export interface Said extends Span {
  readonly text: string
  readonly words?: readonly SpokenWord[]
}

/** What is to be made of a window. */
export interface Hearing {
  readonly language: string
  readonly task: 'transcribe' | 'translate'
  /** Times of words, from what the decoder looked at while it wrote them; none from an export that does not show that. */
  readonly words: boolean
  /** Names and terms to expect; the end of it counts where it is long. */
  readonly prompt: string | undefined
}

/** Whisper, loaded. One call at a time; it computes on the calling thread, so in a child process only. */
export interface WhisperModel {
  /** ISO 639-1 codes it knows. */
  readonly languages: ReadonlySet<string>
  listen(pcm: Float32Array): Promise<Heard>
  /** At most 30 s of sound. After `listen` of the same sound the encoder does not run again. */
  transcribe(pcm: Float32Array, hearing: Hearing): Promise<readonly Said[]>
}

export interface WhisperOptions {
  /** The folder that holds the model's. */
  readonly folder: string
  readonly name: string
  readonly threads: number
}

const HOP = 160
/** Samples in one step of the encoder's output, which attention points at. */
const STEP = 320
/** Tokens of a prompt that are handed on: with a window's own they stay below what the decoder holds. */
const PROMPT_TOKENS = 60
const NO_SPEECH = '<|nospeech|>'
/** Fast speech has under 8 tokens a second; what needs more is a loop. */
const TOKENS_PER_S = 12
/** OpenAI's own mark of a text that repeats itself: it packs better than this. */
const LOOPS_ABOVE = 2.4

/** Loads `folder/name` in 8 bits, never from the network. */
export async function loadWhisper({ folder, name, threads }: WhisperOptions): Promise<WhisperModel> {
  env.allowRemoteModels = false
  env.localModelPath = folder
  env.logLevel = LogLevel.NONE
  const [tokenizer, processor, model] = await Promise.all([
    WhisperTokenizer.from_pretrained(name),
    AutoProcessor.from_pretrained(name),
    WhisperForConditionalGeneration.from_pretrained(name, {
      dtype: 'q8',
      device: 'cpu',
      session_options: { intraOpNumThreads: threads, interOpNumThreads: 1, enableCpuMemArena: false },
    }),
  ])
  if (!(tokenizer instanceof WhisperTokenizer)) throw new Error(`${name} is no Whisper`)
  shareEncoder(model.sessions)
  const timesWords = showsAttention(model)
  const config = languageConfig(model.generation_config)
  const { decoder_start_token_id: start, lang_to_id: ids } = config
  const byLanguage = new Map(Object.entries(ids).map(([token, id]) => [token.slice(2, -2), id]))
  const noSpeechId = Number(tokenizer.convert_tokens_to_ids([NO_SPEECH])[0] ?? 50_362)

  /** What the decoder is begun with: the prompt as if it had been said before, then language and task. */
  const beginning = ({ language, prompt, task }: Hearing): number[] => {
    const before = prompt?.trim() ? tokenizer.encode(` ${prompt.trim()}`, { add_special_tokens: false }) : []
    return [
      ...(before.length > 0 ? [config.prev_sot_token_id, ...before.slice(-PROMPT_TOKENS)] : []),
      start,
      ids[`<|${language}|>`] ?? ids['<|en|>'] ?? start,
      config.task_to_id[task],
    ]
  }

  /** Nothing after the clip, as OpenAI's reference has it, rather than digital silence, which invites invented words. */
  const features = async (pcm: Float32Array): Promise<Tensor> => {
    const { input_features } = await processor(pcm)
    const { data, dims } = input_features
    const [, rows, frames] = dims
    const end = Math.min(frames, Math.floor(pcm.length / HOP) + 1)
    for (let row = 0; row < rows; row++) data.fill(0, row * frames + end, (row + 1) * frames)
    return input_features
  }

  const generate = async (pcm: Float32Array, hearing: Hearing, options: Record<string, unknown>) => {
    const seconds = pcm.length / 16_000
    const decoder_input_ids = beginning(hearing)
    // Bounds loops; set by this name it also keeps the library from hearing the padding in further rounds.
    const max_new_tokens = Math.min(440 - decoder_input_ids.length, 20 + Math.ceil(seconds * TOKENS_PER_S))
    const output = await model.generate({
      inputs: await features(pcm),
      decoder_input_ids,
      return_timestamps: true,
      max_new_tokens,
      ...(hearing.words &&
        timesWords && { return_token_timestamps: true, num_frames: Math.ceil(pcm.length / STEP) }),
      ...options,
    })
    const { sequences, times } = await generated(output)
    const from = decoder_input_ids.indexOf(start)
    const tokens: bigint[] = sequences.tolist()[0].slice(from)
    const decode = (return_timestamps: true | 'word') => {
      const said = { tokens, stride: [seconds, 0, 0], ...(times && { token_timestamps: times.slice(from) }) }
      const [text, found] = tokenizer._decode_asr([said], {
        time_precision: 0.02,
        return_timestamps,
        force_full_sequences: false,
      })
      return { text: String(text), chunks: (typeof found === 'object' && found.chunks) || [] }
    }
    const { chunks, text } = decode(true)
    const words = times ? decode('word').chunks : undefined
    return {
      said: segmentsOf(text, chunks, seconds, words),
      endless: tokens.length + from - decoder_input_ids.length >= max_new_tokens,
    }
  }

  return {
    languages: new Set(byLanguage.keys()),
    async listen(pcm) {
      const input_features = await features(pcm)
      const decoder_input_ids = new Tensor('int64', [BigInt(start)], [1, 1])
      const { logits } = await model({ input_features, decoder_input_ids })
      const odds: Float32Array = logits.data.map(Math.exp)
      const sum = odds.reduce((total, value) => total + value, 0)
      const known = [...byLanguage].map(([language, id]) => [language, odds[id] ?? 0] as const)
      const knownSum = known.reduce((total, [, value]) => total + value, 0)
      return {
        languages: new Map(known.map(([language, value]) => [language, value / knownSum])),
        noSpeech: (odds[noSpeechId] ?? 0) / sum,
      }
    },
    async transcribe(pcm, hearing) {
      const first = await generate(pcm, hearing, {})
      if (!first.endless || !repeatsItself(first.said)) return first.said
      const second = await generate(pcm, hearing, { no_repeat_ngram_size: 4 })
      return second.said
    },
  }
}

/** What the library generates: tokens alone, or tokens, their times and the decoder's memory, which it then leaves to us. */
async function generated(
  output: unknown,
): Promise<{ readonly sequences: Tensor; readonly times?: readonly number[] }> {
  if (output instanceof Tensor) return { sequences: output }
  // The library's own shape; its type names none of it.
  const { past_key_values, sequences, token_timestamps } = output as {
    readonly sequences: Tensor
    readonly token_timestamps: Tensor
    readonly past_key_values?: { dispose(): Promise<void> }
  }
  await past_key_values?.dispose()
  const [times] = token_timestamps.tolist()
  return { sequences, times }
}

/** A stretch as the library decodes it: a segment, or a word. */
export interface Chunk {
  readonly text: string
  readonly timestamp: readonly (number | null)[]
}

function segmentsOf(
  text: string,
  chunks: readonly Chunk[],
  seconds: number,
  words: readonly Chunk[] | undefined,
): Said[] {
  const segments = chunks.map(({ text: said, timestamp: [from, to] }) => {
    const start = Math.min(Math.max(0, from ?? 0), seconds)
    return { start, end: Math.min(Math.max(start, to ?? seconds), seconds), text: said }
  })
  const whole =
    segments.some((segment) => segment.text.trim() !== '') || text.trim() === ''
      ? segments
      : [{ start: 0, end: seconds, text }]
  const timed = words ? wordsBySegment(whole, words, seconds) : undefined
  return whole
    .map(({ end, start, text: said }, n) => {
      const own = timed?.[n]
      return { start, end, text: said.trim(), ...(own && own.length > 0 && { words: own }) }
    })
    .filter((segment) => segment.text !== '')
}

function repeatsItself(said: readonly Said[]): boolean {
  const bytes = Buffer.from(said.map(({ text }) => text).join(' '))
  return bytes.length > 80 && bytes.length / deflateSync(bytes).length > LOOPS_ABOVE
}

interface EncoderSession {
  run(feeds: { readonly input_features: { readonly data: Float32Array } }): Promise<unknown>
}

/** How many windows `listen` may be ahead of `transcribe`. */
const REMEMBERED = 4

/** Lets `listen` and `transcribe` share one run of the encoder, which is most of the work. Never throws by itself: the library would print someone's voice. */
function shareEncoder(sessions: Readonly<Record<string, unknown>>): void {
  // The library's own field; its type says no more than `Object`.
  const encoder = sessions.model as EncoderSession
  const encode = encoder.run.bind(encoder)
  const made: { readonly features: Float32Array; readonly result: Promise<unknown> }[] = []
  encoder.run = (feeds) => {
    const { data } = feeds.input_features
    const known = made.find(({ features }) => isSame(features, data))
    if (known) return known.result
    const result = encode(feeds)
    made.push({ features: data.slice(), result })
    if (made.length > REMEMBERED) made.shift()
    return result
  }
}

const isSame = (a: Float32Array, b: Float32Array): boolean =>
  Buffer.compare(
    Buffer.from(a.buffer, a.byteOffset, a.byteLength),
    Buffer.from(b.buffer, b.byteOffset, b.byteLength),
  ) === 0

/** Whether words can be timed: not every export shows what its decoder looks at, nor names the heads that look at the sound. */
function showsAttention(model: { readonly sessions: object; readonly generation_config: unknown }): boolean {
  // The library's own fields; its types say no more than `Object`.
  const { decoder_model_merged: decoder } = model.sessions as Readonly<
    Record<string, { readonly outputNames?: readonly string[] }>
  >
  const { alignment_heads: heads } = (model.generation_config ?? {}) as { readonly alignment_heads?: unknown }
  return (
    Array.isArray(heads) && (decoder?.outputNames ?? []).some((name) => name.startsWith('cross_attentions'))
  )
}

interface LanguageConfig {
  readonly decoder_start_token_id: number
  readonly lang_to_id: Readonly<Record<string, number>>
  readonly task_to_id: Readonly<Record<Hearing['task'], number>>
  readonly prev_sot_token_id: number
}

const PREVIOUS = 50_361

function languageConfig(given: unknown): LanguageConfig {
  const found = given as Partial<LanguageConfig> | null
  if (!found?.lang_to_id || !found.task_to_id || found.decoder_start_token_id === undefined)
    throw new Error('this Whisper knows no languages')
  return {
    decoder_start_token_id: found.decoder_start_token_id,
    lang_to_id: found.lang_to_id,
    task_to_id: found.task_to_id,
    prev_sot_token_id: found.prev_sot_token_id ?? PREVIOUS,
  }
}
