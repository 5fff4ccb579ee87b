import { engineError } from '../engine.errors.ts'
import { createOpenAiCalls, type OpenAiServer, refusal } from '../openai-http.ts'
import { type Answered, OpenAiTranscript, transcriptOf } from './openai-transcript.ts'
import type { Stt, SttOptions, Transcript } from './stt.ts'

export interface OpenAiSttNeeds extends OpenAiServer {
  readonly model: string
  /** How the driver is called where there are several servers; `openai` by default. */
  readonly name?: string
}

const DEADLINE_MS = 10 * 60_000

/** What a server may be asked for, the best first. */
type Shape = 'diarized_json' | 'verbose_json' | 'json'

/**
 * Any server with OpenAI's `POST /audio/transcriptions` and, for English of another language, `/audio/translations`: OpenAI itself, Groq,
 * faster-whisper servers. It is asked for as much as its model may have (turns of speakers, times), and again for less where it refuses the
 * format, which is remembered. Fails with `engine.refused` (retryable for 408, 429 and 5xx), `engine.unreachable`, `engine.cut`, `call.timeout`,
 * `call.cancelled`.
 */
export function openAiStt(needs: OpenAiSttNeeds): Stt {
  const { model, name = 'openai' } = needs
  const { engine, post } = createOpenAiCalls({ deadlineMs: DEADLINE_MS, ...needs })
  const refused = new Set<string>()

  const ask = async (
    audio: { bytes: Uint8Array; mime: string },
    options: SttOptions,
    asked: Asked,
  ): Promise<Answered | 'refused'> => {
    const path = asked.translate ? 'audio/translations' : 'audio/transcriptions'
    const form = formOf(audio, model, options, asked)
    return post(path, form, options.signal, async (response) => {
      if (response.status === 400 || response.status === 422) {
        const why = (await response.clone().text()).slice(0, 10_000)
        if (MENDABLE.test(why)) return 'refused'
      }
      if (!response.ok) throw refusal(response, engine)
      const answer = OpenAiTranscript.safeParse(await response.json().catch(() => undefined))
      if (!answer.success) throw engineError('engine.cut', { engine }, { retryable: true })
      return answer.data
    })
  }

  return {
    name,
    paid: [name],
    missing: () => Promise.resolve(null),
    async transcribe(audio, options = {}) {
      if (audio.bytes.length === 0) throw engineError('file.empty')
      const translate = options.task === 'translate'
      const ways = waysOf(model, { translate, words: options.words ?? false })
      const worth = ways.filter((way) => way === ways.at(-1) || !refused.has(keyOf(way)))
      for (const way of worth) {
        const answer = await ask(audio, options, way)
        if (answer === 'refused') {
          refused.add(keyOf(way))
          continue
        }
        return done(transcriptOf(answer, `${name}/${model}`, options), options)
      }
      throw engineError('engine.refused', { engine, status: 400 })
    },
  }
}

function done(transcript: Transcript, options: SttOptions): Transcript {
  for (const segment of transcript.segments) options.onPartial?.(segment)
  options.onProgress?.(1)
  return transcript
}

/** What servers write of in a refusal that asking for less mends. */
const MENDABLE = /response_format|timestamp_granularities|diarized|verbose_json|chunking_strategy/i

/** One way of asking. */
interface Asked {
  readonly shape: Shape
  readonly words: boolean
  readonly translate: boolean
}

const keyOf = ({ shape, translate, words }: Asked): string => `${shape} ${words} ${translate}`

function waysOf(model: string, wanted: { readonly translate: boolean; readonly words: boolean }): Asked[] {
  const way = (shape: Shape, words: boolean): Asked => ({ shape, words, translate: wanted.translate })
  return [
    ...(/diari[sz]e/i.test(model) && !wanted.translate ? [way('diarized_json', false)] : []),
    ...(wanted.words && !wanted.translate ? [way('verbose_json', true)] : []),
    way('verbose_json', false),
    way('json', false),
  ]
}

function formOf(
  { bytes, mime }: { bytes: Uint8Array; mime: string },
  model: string,
  { language, prompt }: SttOptions,
  { shape, translate, words }: Asked,
): FormData {
  const form = new FormData()
  form.append('file', new Blob([Uint8Array.from(bytes)], { type: mime }), fileName(mime))
  form.append('model', model)
  form.append('response_format', shape)
  // A translation is into English whatever was spoken: its door takes no language, and diarisation no prompt.
  if (language && !translate) form.append('language', language)
  if (prompt && shape !== 'diarized_json') form.append('prompt', prompt)
  if (shape === 'diarized_json') form.append('chunking_strategy', 'auto')
  for (const granularity of words ? ['word', 'segment'] : [])
    form.append('timestamp_granularities[]', granularity)
  return form
}

/** The servers go by the name's ending. */
const fileName = (mime: string): string => `audio.${ENDINGS[mime.split(';')[0]?.trim() ?? ''] ?? 'ogg'}`

const ENDINGS: Readonly<Record<string, string>> = {
  'audio/ogg': 'ogg',
  'application/ogg': 'ogg',
  'audio/opus': 'ogg',
  'audio/webm': 'webm',
  'video/webm': 'webm',
  'audio/mpeg': 'mp3',
  'audio/mp3': 'mp3',
  'audio/mp4': 'm4a',
  'audio/x-m4a': 'm4a',
  'audio/m4a': 'm4a',
  'video/mp4': 'mp4',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/vnd.wave': 'wav',
  'audio/flac': 'flac',
  'audio/x-flac': 'flac',
}
