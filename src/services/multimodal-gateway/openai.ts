import { z } from 'zod'
import type { Transcript } from '../../engines/stt/stt.ts'
import { SPEECH_FORMATS } from '../../engines/tts/tts.ts'
import { gatewayError } from './multimodal-gateway.errors.ts'
import { srt, vtt } from './subtitles.ts'

export const RESPONSE_FORMATS = ['json', 'text', 'srt', 'vtt', 'verbose_json', 'diarized_json'] as const

/** The body of `POST /v1/audio/speech`. What else OpenAI's clients may send is let go. */
export const SpeechRequest = z.object({
  model: z.string().max(200).optional(),
  input: z.string().min(1).max(20_000),
  voice: z
    .union([z.string().max(200), z.object({ id: z.string().max(200) })])
    .optional()
    .transform((voice) => (typeof voice === 'object' ? voice.id : voice)),
  response_format: z.enum(SPEECH_FORMATS).default('mp3'),
  speed: z.number().min(0.25).max(4).optional(),
  stream_format: z.enum(['audio', 'sse']).default('audio'),
  /** Ours: ISO 639-1; found from the script where nothing is said. */
  language: z
    .string()
    .regex(/^[a-z]{2}$/, 'must be two letters, such as uk')
    .optional(),
})

/** How a transcript is to be shown. */
export const TranscriptShape = z.object({
  format: z.enum(RESPONSE_FORMATS),
  words: z.boolean(),
  segments: z.boolean(),
  task: z.enum(['transcribe', 'translate']),
})
export type TranscriptShape = z.infer<typeof TranscriptShape>

/** A transcript in the shapes of OpenAI's `POST /v1/audio/transcriptions`. What nobody measured (log probabilities, tokens) is left out, never made up; `language_code` (ISO 639-1), `speech` and `engine` are ours. */
export function transcription(heard: Transcript, shape: TranscriptShape): { type: string; body: string } {
  const { format } = shape
  if (format === 'text') return { type: 'text/plain; charset=utf-8', body: `${heard.text}\n` }
  if (format === 'srt') return { type: 'application/x-subrip; charset=utf-8', body: srt(heard.segments) }
  if (format === 'vtt') return { type: 'text/vtt; charset=utf-8', body: vtt(heard.segments) }
  const body =
    format === 'json'
      ? { text: heard.text, usage: usageOf(heard) }
      : format === 'diarized_json'
        ? diarized(heard)
        : verbose(heard, shape)
  return { type: 'application/json; charset=utf-8', body: JSON.stringify(body) }
}

/** OpenAI bills by begun seconds. */
export const usageOf = ({ durationMs }: Transcript) => ({
  type: 'duration' as const,
  seconds: Math.ceil(durationMs / 1000),
})

function verbose(heard: Transcript, { segments, task, words }: TranscriptShape) {
  const language = task === 'translate' ? 'en' : heard.language
  return {
    task,
    language: language ? languageName(language) : null,
    duration: heard.durationMs / 1000,
    text: heard.text,
    ...(segments && {
      segments: heard.segments.map(({ start, end, text, speaker, words: spoken }, id) => ({
        ...{ id, start, end, text },
        ...(speaker !== undefined && { speaker }),
        ...(words && spoken && { words: spoken }),
      })),
    }),
    ...(words && { words: heard.segments.flatMap((segment) => segment.words ?? []) }),
    usage: usageOf(heard),
    language_code: heard.language,
    speech: heard.speech,
    engine: heard.engine,
  }
}

function diarized(heard: Transcript) {
  if (heard.segments.some(({ speaker }) => speaker === undefined))
    throw gatewayError('gateway.no_speakers', { engine: heard.engine })
  return {
    task: 'transcribe',
    duration: heard.durationMs / 1000,
    text: heard.text,
    segments: heard.segments.map(({ start, end, text, speaker }, id) => ({
      type: 'transcript.text.segment',
      id: `seg_${id}`,
      speaker,
      start,
      end,
      text,
    })),
    usage: usageOf(heard),
  }
}

/** `verbose_json` names a language in lower-case English words. */
function languageName(code: string): string {
  const name = new Intl.DisplayNames(['en'], { type: 'language' }).of(code)
  return (name ?? code).toLowerCase()
}
