import { z } from 'zod'
import { engineError } from '../engine.errors.ts'
import { createOpenAiCalls, type OpenAiServer, refusal } from '../openai-http.ts'
import { languageCode } from './languages.ts'
import type { Stt, Transcript } from './stt.ts'

export interface OpenAiSttNeeds extends OpenAiServer {
  readonly model: string
}

const DEADLINE_MS = 10 * 60_000
/** OpenAI's own mark of a segment in which nobody speaks. */
const NO_SPEECH_ABOVE = 0.6

const Answer = z.looseObject({
  text: z.string(),
  language: z.string().nullish(),
  duration: z.coerce.number().nullish(),
  segments: z
    .array(
      z.looseObject({
        start: z.number(),
        end: z.number(),
        text: z.string(),
        no_speech_prob: z.number().optional(),
      }),
    )
    .nullish(),
})

/**
 * Any server with OpenAI's `POST /audio/transcriptions`. It is asked for times (`verbose_json`), and again without where the model has none.
 * Fails with `engine.refused` (retryable for 408, 429 and 5xx), `engine.unreachable`, `call.timeout`, `call.cancelled`.
 */
export function openAiStt(needs: OpenAiSttNeeds): Stt {
  const { model } = needs
  const { engine, post } = createOpenAiCalls({ deadlineMs: DEADLINE_MS, ...needs })
  return {
    name: 'openai',
    missing: () => Promise.resolve(null),
    async transcribe(audio, { language, onPartial, onProgress, signal } = {}) {
      if (audio.bytes.length === 0) throw engineError('file.empty')
      const ask = (format: 'verbose_json' | 'json'): Promise<Transcript> =>
        post('audio/transcriptions', formOf(audio, { model, format, language }), signal, async (response) => {
          if (
            format === 'verbose_json' &&
            response.status === 400 &&
            (await response.clone().text()).includes('response_format')
          )
            return ask('json')
          if (!response.ok) throw refusal(response, engine)
          const answer = Answer.safeParse(await response.json().catch(() => undefined))
          if (!answer.success) throw engineError('engine.cut', { engine }, { retryable: true })
          return transcriptOf(answer.data, `openai/${model}`, language)
        })
      const transcript = await ask('verbose_json')
      for (const segment of transcript.segments) onPartial?.(segment)
      onProgress?.(1)
      return transcript
    },
  }
}

function formOf(
  audio: { bytes: Uint8Array; mime: string },
  asked: { readonly model: string; readonly format: string; readonly language: string | undefined },
): FormData {
  const form = new FormData()
  form.append('file', new Blob([Uint8Array.from(audio.bytes)], { type: audio.mime }), fileName(audio.mime))
  form.append('model', asked.model)
  form.append('response_format', asked.format)
  if (asked.language) form.append('language', asked.language)
  return form
}

function transcriptOf(answer: z.infer<typeof Answer>, engine: string, told: string | undefined): Transcript {
  const segments = (answer.segments ?? [])
    .filter(({ no_speech_prob = 0, text }) => no_speech_prob <= NO_SPEECH_ABOVE && text.trim() !== '')
    .map(({ end, start, text }) => ({ start, end: Math.max(start, end), text: text.trim() }))
  const heardNobody = (answer.segments?.length ?? 0) > 0 && segments.length === 0
  const text = heardNobody ? '' : answer.text.trim()
  const durationMs = Math.round((answer.duration ?? segments.at(-1)?.end ?? 0) * 1000)
  if (text === '') return { text, language: null, speech: false, segments: [], engine, durationMs }
  return {
    text,
    language: languageCode(answer.language ?? '') ?? told ?? null,
    speech: true,
    segments: segments.length > 0 ? segments : [{ start: 0, end: durationMs / 1000, text }],
    engine,
    durationMs,
  }
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
