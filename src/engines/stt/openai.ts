import { z } from 'zod'
import { AppError, kernelError } from '../../kernel/errors.ts'
import type { Secret } from '../../kernel/secret.ts'
import { engineError } from '../engine.errors.ts'
import { languageCode } from './languages.ts'
import type { Stt, Transcript } from './stt.ts'

export interface OpenAiSttNeeds {
  /** The base URL, with its `/v1` where it has one. */
  readonly url: string
  readonly model: string
  readonly key?: Secret | null
  readonly deadlineMs?: number
  readonly fetch?: typeof fetch
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
  const { deadlineMs = DEADLINE_MS, key, model, url } = needs
  const send = needs.fetch ?? fetch
  const target = `${url.replace(/\/+$/, '')}/audio/transcriptions`
  const engine = new URL(url).host

  const post = async (
    audio: { bytes: Uint8Array; mime: string },
    format: 'verbose_json' | 'json',
    language: string | undefined,
    signal: AbortSignal,
  ): Promise<Response> => {
    const form = new FormData()
    form.append('file', new Blob([Uint8Array.from(audio.bytes)], { type: audio.mime }), fileName(audio.mime))
    form.append('model', model)
    form.append('response_format', format)
    if (language) form.append('language', language)
    const headers = key ? { authorization: `Bearer ${key.reveal()}` } : undefined
    return send(target, { method: 'POST', body: form, signal, ...(headers && { headers }) })
  }

  return {
    name: 'openai',
    missing: () => Promise.resolve(null),
    async transcribe(audio, { language, onProgress, signal } = {}) {
      if (audio.bytes.length === 0) throw engineError('file.empty')
      const deadline = AbortSignal.timeout(deadlineMs)
      const limited = signal ? AbortSignal.any([signal, deadline]) : deadline
      try {
        let response = await post(audio, 'verbose_json', language, limited)
        if (response.status === 400 && (await response.clone().text()).includes('response_format'))
          response = await post(audio, 'json', language, limited)
        if (!response.ok) throw refusal(response, engine)
        const answer = Answer.safeParse(await response.json().catch(() => undefined))
        if (!answer.success) throw engineError('engine.cut', { engine }, { retryable: true })
        onProgress?.(1)
        return transcriptOf(answer.data, `openai/${model}`, language)
      } catch (cause) {
        if (cause instanceof AppError) throw cause
        if (signal?.aborted) throw kernelError('call.cancelled', {}, { cause })
        if (deadline.aborted) throw kernelError('call.timeout', {}, { cause })
        throw engineError('engine.unreachable', { engine }, { cause })
      }
    },
  }
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

function refusal(response: Response, engine: string): AppError {
  const { status } = response
  const retryable = status === 408 || status === 429 || status >= 500
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  const retryAfterMs = Number.isFinite(seconds) ? Math.min(Math.max(0, seconds), 3600) * 1000 : undefined
  const options = { retryable, ...(retryAfterMs !== undefined && { retryAfterMs }) }
  return engineError('engine.refused', { engine, status }, options)
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
