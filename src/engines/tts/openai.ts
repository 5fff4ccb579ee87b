import { engineError } from '../engine.errors.ts'
import { createOpenAiCalls, type OpenAiServer, refusal } from '../openai-http.ts'
import { checkedText } from './checked-text.ts'
import { joined, packed } from './packed.ts'
import { speechPieces } from './pieces.ts'
import { SPEECH_MIMES, type Speech, type SpeechFormat, type Tts, type Voice } from './tts.ts'
import { samplesOf } from './wav.ts'

export interface OpenAiTtsNeeds extends OpenAiServer {
  readonly model: string
  /** The voice where nobody names one; OpenAI's `alloy` by default. */
  readonly voice?: string
  /** Other voices of the server, besides OpenAI's own names. */
  readonly voices?: readonly string[]
  readonly name?: string
}

const DEADLINE_MS = 3 * 60_000
/** OpenAI's own limit is 4096 characters. */
const PIECE = 4000
const VOICES = [
  'alloy',
  'ash',
  'ballad',
  'coral',
  'echo',
  'fable',
  'nova',
  'onyx',
  'sage',
  'shimmer',
  'verse',
]

/**
 * Any server with OpenAI's `POST /audio/speech`. It is believed by the bytes it sends: a server that knows one format alone answers in that,
 * and the result says so. A text longer than one call takes is asked for in pieces of `wav`, joined and packed here. Fails with
 * `engine.refused`, `engine.unreachable`, `engine.cut` where what came is no sound, `call.timeout`, `call.cancelled`.
 */
export function openAiTts(needs: OpenAiTtsNeeds): Tts {
  const { model, name = 'openai', voice: usual = 'alloy' } = needs
  const { engine, post } = createOpenAiCalls({ deadlineMs: DEADLINE_MS, ...needs })
  const voices = [...new Set([usual, ...(needs.voices ?? []), ...VOICES])].map(
    (id): Voice => ({ id, name: id, languages: [], quality: 'natural' }),
  )

  const ask = (
    input: string,
    asked: { voice: string; format: SpeechFormat; speed: number | undefined },
    signal: AbortSignal | undefined,
  ): Promise<Made> => {
    const { format, speed, voice } = asked
    const body = JSON.stringify({ model, input, voice, response_format: format, ...(speed && { speed }) })
    return post('audio/speech', body, signal, async (response) => {
      if (!response.ok) throw refusal(response, engine)
      const bytes = new Uint8Array(await response.arrayBuffer())
      const made = await formatOf(bytes, format)
      if (!made) throw engineError('engine.cut', { engine }, { retryable: true })
      return { bytes, format: made, mime: SPEECH_MIMES[made] }
    })
  }

  return {
    name,
    paid: [name],
    missing: () => Promise.resolve(null),
    voices: () => Promise.resolve(voices),
    async speak(given, options = {}) {
      const { format = 'mp3', onProgress, signal, speed } = options
      const { language, text } = checkedText(given, options)
      const voice = voices.find(({ id }) => id === options.voice)?.id ?? usual
      const pieces = speechPieces(text, PIECE)
      const [only] = pieces
      if (only !== undefined && pieces.length === 1) {
        const made = await ask(only, { voice, format, speed }, signal)
        onProgress?.(1)
        return spoken(made, text, language, voice)
      }
      const sounds: Int16Array[] = []
      let rate = 0
      for (const [n, piece] of pieces.entries()) {
        const { bytes } = await ask(piece, { voice, format: 'wav', speed }, signal)
        const found = samplesOf(bytes)
        if (found?.bits !== 16 || found.channels !== 1 || (rate > 0 && found.rate !== rate))
          throw engineError('engine.cut', { engine })
        rate = found.rate
        sounds.push(new Int16Array(found.samples.slice(0, found.samples.length & ~1).buffer))
        onProgress?.(((n + 1) / pieces.length) * 0.95)
      }
      const made = await packed({ pcm: joined(sounds), rate }, format, signal)
      onProgress?.(1)
      return spoken(made, text, language, voice)
    },
  }

  function spoken(made: Made, text: string, language: string, voice: string): Speech {
    const usage = { unit: 'characters', amount: text.length } as const
    return { ...made, engine: `${name}/${model}:${voice}`, language, quality: 'natural', usage }
  }
}

type Made = Pick<Speech, 'bytes' | 'mime' | 'format'>

const BY_ENDING: Readonly<Record<string, SpeechFormat>> = {
  mp3: 'mp3',
  opus: 'opus',
  ogg: 'opus',
  oga: 'opus',
  aac: 'aac',
  flac: 'flac',
  wav: 'wav',
}

/** By the bytes; raw samples have no mark, so they are what was asked for where nothing else is seen. Null for no sound. */
async function formatOf(bytes: Uint8Array, asked: SpeechFormat): Promise<SpeechFormat | null> {
  const { fileTypeFromBuffer } = await import('file-type')
  const type = await fileTypeFromBuffer(bytes)
  if (type) return BY_ENDING[type.ext] ?? null
  if (asked === 'pcm') return bytes.length > 0 && !/^\s*[{<]/.test(text(bytes)) ? 'pcm' : null
  // Raw MPEG or ADTS frames without a tag begin with eleven or twelve bits set.
  return bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xe0) === 0xe0 ? asked : null
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(0, 20)).toString('latin1')
