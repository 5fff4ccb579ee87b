import type { Transcript } from '../../engines/stt/stt.ts'
import { srt, vtt } from './subtitles.ts'

export const RESPONSE_FORMATS = ['json', 'text', 'srt', 'vtt', 'verbose_json'] as const
export type ResponseFormat = (typeof RESPONSE_FORMATS)[number]

/** A transcript in the shapes of OpenAI's `POST /v1/audio/transcriptions`. What nobody measured (log probabilities, tokens) is left out, never made up; `language_code` (ISO 639-1), `speech` and `engine` are ours. */
export function transcription(heard: Transcript, format: ResponseFormat): { type: string; body: string } {
  if (format === 'text') return { type: 'text/plain; charset=utf-8', body: `${heard.text}\n` }
  if (format === 'srt') return { type: 'application/x-subrip; charset=utf-8', body: srt(heard.segments) }
  if (format === 'vtt') return { type: 'text/vtt; charset=utf-8', body: vtt(heard.segments) }
  const seconds = heard.durationMs / 1000
  const body =
    format === 'json'
      ? { text: heard.text, usage: { type: 'duration', seconds: Math.ceil(seconds) } }
      : {
          task: 'transcribe',
          language: heard.language ? languageName(heard.language) : null,
          duration: seconds,
          text: heard.text,
          segments: heard.segments.map(({ start, end, text }, id) => ({ id, start, end, text })),
          usage: { type: 'duration', seconds: Math.ceil(seconds) },
          language_code: heard.language,
          speech: heard.speech,
          engine: heard.engine,
        }
  return { type: 'application/json; charset=utf-8', body: JSON.stringify(body) }
}

/** `verbose_json` names a language in lower-case English words. */
function languageName(code: string): string {
  const name = new Intl.DisplayNames(['en'], { type: 'language' }).of(code)
  return (name ?? code).toLowerCase()
}
