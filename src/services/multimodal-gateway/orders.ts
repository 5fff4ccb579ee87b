import { z } from 'zod'
import type { Transcript } from '../../engines/stt/stt.ts'
import type { Source } from './artefacts.ts'
import { OCR_FORMATS } from './doors.contract.ts'
import type { JobType } from './jobs.contract.ts'
import type { Order } from './jobs.ts'
import type { OcrMade, SpeechResult } from './kinds.ts'
import { gatewayError } from './multimodal-gateway.errors.ts'
import { needsOf, renderedOcr } from './ocr-formats.ts'
import { RESPONSE_FORMATS, type SpeechRequest, TranscriptShape, transcription } from './openai.ts'

type Fields = Readonly<Record<string, unknown>>
const GRANULARITIES = ['segment', 'word'] as const

/** What OpenAI's `transcriptions` and `translations` ask for, by their form fields. `models` may be named; anything else is refused. */
export function hearingOrder(
  type: 'transcript' | 'translation',
  source: Source,
  fields: Fields,
  models: readonly string[],
): Order & { readonly stream: boolean } {
  const format = choice('response_format', fields.response_format ?? 'json', RESPONSE_FORMATS)
  const given = [fields.timestamp_granularities ?? []].flat()
  const granularities = given.map((one) => choice('timestamp_granularities[]', one, GRANULARITIES))
  const words = granularities.includes('word')
  const shape: TranscriptShape = {
    format,
    words,
    segments: granularities.length === 0 || granularities.includes('segment'),
    task: type === 'translation' ? 'translate' : 'transcribe',
  }
  const stream = fields.stream === 'true' || fields.stream === true
  if (stream && format !== 'json' && format !== 'text')
    throw gatewayError('gateway.bad_option', { name: 'response_format', options: 'json, text' })
  knownModel(fields.model, models)
  const language = type === 'translation' ? undefined : languageOf(fields.language)
  const prompt = typeof fields.prompt === 'string' && fields.prompt !== '' ? fields.prompt : undefined
  if (prompt && prompt.length > 4000)
    throw gatewayError('gateway.bad_option', { name: 'prompt', options: '≤ 4000 characters' })
  const work = { language, prompt, ...(words && { words }) }
  return { type, source, work, shape, about: source.name, stream }
}

export const speechOrder = (asked: z.output<typeof SpeechRequest>): Order => ({
  type: 'speech',
  source: null,
  work: {
    text: asked.input,
    voice: asked.voice,
    language: asked.language,
    format: asked.response_format,
    speed: asked.speed,
  },
  shape: {},
  about: asked.input.slice(0, 80),
})

/** What the gateway's own doors ask for, by their checked input. */
export function ownOrder(
  type: Exclude<JobType, 'transcript' | 'translation' | 'speech'>,
  source: Source | null,
  input: Fields,
): Order {
  const name = source?.name ?? ''
  const { camera, language, languages, password, question, url } = input
  const format = OcrShape.parse(input)
  const as = needsOf(format.format)
  const work = {
    ocr: { languages: typeof languages === 'string' ? languages.split(',') : undefined, ...(as && { as }) },
    describe: { question, language, ...(camera === 'true' && { camera: true }) },
    parse: { name, password },
    read: { url },
  }[type]
  const shape = type === 'ocr' ? format : {}
  return { type, source, work, shape, about: type === 'read' ? String(url) : name }
}

const OcrShape = z.object({ format: z.enum(OCR_FORMATS).default('json') })

/** A result as its door answers it. */
export function rendered(
  type: JobType,
  result: unknown,
  shape: unknown,
): { readonly mime: string; readonly body: string | Buffer } {
  if (type === 'transcript' || type === 'translation') {
    // It comes from the workshop or the job it made, whose kinds say what it is.
    const { body, type: mime } = transcription(result as Transcript, TranscriptShape.parse(shape))
    return { mime, body }
  }
  if (type === 'speech') {
    const { audio, mime } = result as SpeechResult
    return { mime, body: Buffer.from(audio, 'base64') }
  }
  if (type === 'ocr') return renderedOcr(result as OcrMade, OcrShape.parse(shape ?? {}).format)
  return { mime: 'application/json; charset=utf-8', body: JSON.stringify(result) }
}

function choice<T extends string>(name: string, given: unknown, options: readonly T[]): T {
  const chosen = options.find((option) => option === given)
  if (chosen === undefined) throw gatewayError('gateway.bad_option', { name, options: options.join(', ') })
  return chosen
}

/** ISO 639-1; a region after it is let go. */
function languageOf(given: unknown): string | undefined {
  if (given === undefined || given === '') return undefined
  const code = typeof given === 'string' ? /^([a-z]{2})(?:[-_][a-z]{2})?$/i.exec(given)?.[1] : undefined
  if (!code) throw gatewayError('gateway.bad_option', { name: 'language', options: 'uk, en, …' })
  return code.toLowerCase()
}

function knownModel(given: unknown, models: readonly string[]): void {
  if (typeof given === 'string' && given !== '' && !models.includes(given))
    throw gatewayError('gateway.unknown_model', { model: given, models: models.join(', ') })
}
