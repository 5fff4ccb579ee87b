import { decodeAudio, SAMPLE_RATE } from '../audio/decode.ts'
import { type ChildJob, serveChild } from '../workers/serve-child.ts'
import type { Segment, Transcript } from './stt.ts'
import { loadVoiceActivity, type VoiceActivity } from './voice.ts'
import {
  type Heard,
  type Hearing,
  loadWhisper,
  type Said,
  type WhisperModel,
  type WhisperOptions,
} from './whisper.model.ts'
import { speechSpans, windowsOf } from './windows.ts'
import { withoutPauses } from './word-times.ts'

/** A whole file (`job.bytes`) to be transcribed. */
export interface TranscribeTask extends WhisperOptions {
  readonly language: string | undefined
  readonly task: Hearing['task']
  readonly words: boolean
  readonly prompt: string | undefined
  readonly maxSeconds: number
}

/** How much is done, 0…1, or the segment that is heard by now, the `n`th from 0. */
export type TranscribeNews = number | { readonly n: number; readonly segment: Segment }

/** Whisper hears 30 s at a time; a little less leaves room for what ends late. */
const LONGEST_S = 28
/** Above this the model itself takes the window for silence or noise. */
const NO_SPEECH_ABOVE = 0.5
/** Windows listened to before the language is decided. */
const LISTENED = 3
/** A window so sure of another language is heard in it. */
const SURE = 0.9
/** Shares of the work, for the progress: decoding and voice activity go before. */
const DECODED = 0.05
const VOICED = 0.1

const loaded = new Map<string, Promise<unknown>>()

/** Loaded once; a load that failed is tried anew by the next job. */
function once<T>(key: string, load: () => Promise<T>): Promise<T> {
  // What stands under a key was put there by the same `load`.
  const known = loaded.get(key) as Promise<T> | undefined
  if (known !== undefined) return known
  const loading = load()
  loaded.set(key, loading)
  loading.catch(() => loaded.delete(key))
  return loading
}

const methods = {
  async transcribe(task: TranscribeTask, job: ChildJob<TranscribeNews>): Promise<Transcript> {
    const engine = `whisper/${task.name}`
    const { durationMs, pcm } = await decodeAudio(job.bytes, { maxSeconds: task.maxSeconds })
    void job.send(DECODED)
    const voice = await once<VoiceActivity>('voice', loadVoiceActivity)
    const probabilities = await voice.probabilities(
      pcm,
      (share) => void job.send(DECODED + (VOICED - DECODED) * share),
    )
    const spans = speechSpans(probabilities)
    const windows = windowsOf(spans, probabilities, LONGEST_S)
    const silence: Transcript = { text: '', language: null, speech: false, segments: [], engine, durationMs }
    if (windows.length === 0) return silence
    const model = await once(`${task.folder}/${task.name}`, () => loadWhisper(task))
    const sounds = windows.map(({ end, start }) => ({
      start,
      pcm: pcm.subarray(Math.round(start * SAMPLE_RATE), Math.round(end * SAMPLE_RATE)),
    }))
    const { heard, language } = await findLanguage(model, sounds, task.language)
    const segments: Segment[] = []
    // What attention looks at while it translates is not where the words are.
    const words = task.words && task.task === 'transcribe'
    for (const [n, sound] of sounds.entries()) {
      const own = heard[n] ?? (await model.listen(sound.pcm))
      if (own.noSpeech <= NO_SPEECH_ABOVE) {
        const spoken = task.language ? language : surest(own, language)
        const hearing = { language: spoken, task: task.task, words, prompt: task.prompt }
        for (const said of await model.transcribe(sound.pcm, hearing)) {
          const segment = rounded(withoutPauses(shifted(said, sound.start), spans))
          void job.send({ n: segments.length, segment })
          segments.push(segment)
        }
      }
      void job.send(VOICED + ((1 - VOICED) * (n + 1)) / sounds.length)
    }
    if (segments.length === 0) return silence
    const text = segments.map((segment) => segment.text).join(' ')
    return { text, language, speech: true, segments, engine, durationMs }
  },
}

export type WhisperChild = typeof methods

/** The language asked for, where the model knows it; otherwise the likeliest over the first windows in which somebody speaks. */
async function findLanguage(
  model: WhisperModel,
  sounds: readonly { readonly pcm: Float32Array }[],
  wanted: string | undefined,
): Promise<{ language: string; heard: readonly Heard[] }> {
  const asked = wanted?.toLowerCase().split('-')[0]
  const known = asked !== undefined && model.languages.has(asked)
  const heard: Heard[] = []
  const odds = new Map<string, number>()
  for (const { pcm } of sounds.slice(0, known ? 0 : LISTENED)) {
    const own = await model.listen(pcm)
    heard.push(own)
    if (own.noSpeech <= NO_SPEECH_ABOVE)
      for (const [language, probability] of own.languages)
        odds.set(language, (odds.get(language) ?? 0) + probability)
  }
  return { language: known ? asked : (likeliest(odds)?.[0] ?? 'en'), heard }
}

function surest(heard: Heard, language: string): string {
  const own = likeliest(heard.languages)
  return own && own[1] >= SURE ? own[0] : language
}

const likeliest = (odds: ReadonlyMap<string, number>): readonly [string, number] | undefined =>
  [...odds].sort((a, b) => b[1] - a[1])[0]

/** Times from the start of the recording rather than of the window. */
function shifted({ end, start, text, words }: Said, by: number): Segment {
  const moved = words?.map((one) => ({ ...one, start: one.start + by, end: one.end + by }))
  return { start: start + by, end: end + by, text, ...(moved && { words: moved }) }
}

function rounded(segment: Segment): Segment {
  const words = segment.words?.map((one) => ({
    ...one,
    start: hundredths(one.start),
    end: hundredths(one.end),
  }))
  return {
    ...segment,
    start: hundredths(segment.start),
    end: hundredths(segment.end),
    ...(words && { words }),
  }
}

const hundredths = (seconds: number): number => Math.round(seconds * 100) / 100

serveChild(methods)
