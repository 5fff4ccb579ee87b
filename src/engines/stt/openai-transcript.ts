import { z } from 'zod'
import { languageCode } from './languages.ts'
import type { Segment, SpokenWord, SttOptions, Transcript } from './stt.ts'

const Word = z.looseObject({ word: z.string(), start: z.number(), end: z.number() })

/** What servers of OpenAI's shape answer, all of it together: `json`, `verbose_json`, `diarized_json`. */
export const OpenAiTranscript = z.looseObject({
  text: z.string(),
  language: z.string().nullish(),
  duration: z.coerce.number().nullish(),
  segments: z
    .array(
      z.looseObject({
        start: z.number(),
        end: z.number(),
        text: z.string(),
        no_speech_prob: z.number().nullish(),
        speaker: z.string().nullish(),
        words: z.array(Word).nullish(),
      }),
    )
    .nullish(),
  words: z.array(Word).nullish(),
  usage: z
    .looseObject({
      type: z.string().nullish(),
      seconds: z.number().nullish(),
      total_tokens: z.number().nullish(),
    })
    .nullish(),
})
export type Answered = z.infer<typeof OpenAiTranscript>

/** OpenAI's own mark of a segment in which nobody speaks. */
const NO_SPEECH_ABOVE = 0.6

/** A server's answer as a transcript. Segments that the server itself takes for silence are left out with their words; where only some are, so is their text. */
export function transcriptOf(
  answer: Answered,
  engine: string,
  { language, task, words: timed = false }: Pick<SttOptions, 'language' | 'task' | 'words'>,
): Transcript {
  const given = answer.segments ?? []
  const spoken = given.filter(
    ({ no_speech_prob, text }) => (no_speech_prob ?? 0) <= NO_SPEECH_ABOVE && text.trim() !== '',
  )
  const segments = spoken
    .map(({ end, speaker, start, text }) => ({
      start,
      end: Math.max(start, end),
      text: text.trim(),
      ...(speaker && { speaker }),
    }))
    .sort((a, b) => a.start - b.start)
  const heardNobody = given.length > 0 && segments.length === 0
  const whole = heardNobody ? '' : answer.text.trim()
  // What was said is what its segments say: a server's own text holds the invented ones too.
  const text = segments.length > 0 ? segments.map((segment) => segment.text).join(' ') : whole
  const durationMs = Math.round((answer.duration ?? segments.at(-1)?.end ?? 0) * 1000)
  const usage = usageOf(answer)
  const named = languageCode(answer.language ?? '')
  const common = { engine, durationMs, ...(usage && { usage }) }
  if (text === '') return { text, language: null, speech: false, segments: [], ...common }
  const all = segments.length > 0 ? segments : [{ start: 0, end: durationMs / 1000, text }]
  const words = answer.words ?? spoken.flatMap((segment) => segment.words ?? [])
  return {
    text,
    // Of a translation OpenAI names the language of the text, which is English; others the one that was spoken.
    language: (task === 'translate' && named === 'en' ? undefined : named) ?? language ?? null,
    speech: true,
    segments: timed && words.length > 0 ? withWords(all, words) : all,
    ...common,
  }
}

/**
 * Gives each segment the words that are its text, in order: servers tell words of the whole recording, without marks. A segment whose words are
 * not found one by one goes without, so that words and text never disagree.
 */
function withWords(segments: readonly Segment[], words: readonly SpokenWord[]): Segment[] {
  let next = 0
  return segments.map((segment) => {
    const parts = segment.text.split(/\s+/)
    const first = bare(parts.find((part) => bare(part) !== '') ?? '')
    const near = segment.start - NEAR_S
    const from = words.findIndex(
      ({ start, word }, n) => n >= next && start >= near && first.startsWith(bare(word)),
    )
    if (from < 0) return segment
    let at = words[from]?.start ?? 0
    const own: SpokenWord[] = []
    let n = from
    for (const part of parts) {
      if (bare(part) === '') {
        own.push({ word: part, start: at, end: at })
        continue
      }
      let said = ''
      const start = words[n]?.start
      let end = start
      // A server may cut finer than the text does: `it`, `'s`.
      while (n < words.length && said.length < bare(part).length) {
        said += bare(words[n]?.word ?? '')
        end = words[n]?.end
        n++
      }
      if (said !== bare(part) || start === undefined || end === undefined) return segment
      at = Math.max(at, start)
      own.push({ word: part, start: at, end: Math.max(at, end) })
    }
    next = n
    const last = own.at(-1)
    return {
      ...segment,
      start: Math.min(segment.start, own[0]?.start ?? segment.start),
      end: Math.max(segment.end, last?.end ?? segment.end),
      words: own,
    }
  })
}

/** How far before its segment a word may begin: servers round. */
const NEAR_S = 1

const bare = (word: string): string => word.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')

function usageOf({ usage }: Answered): Transcript['usage'] {
  if (typeof usage?.seconds === 'number') return { unit: 'seconds', amount: usage.seconds }
  if (typeof usage?.total_tokens === 'number') return { unit: 'tokens', amount: usage.total_tokens }
  return undefined
}
