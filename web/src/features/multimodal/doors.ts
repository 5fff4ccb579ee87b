import type { AppError } from '../../../../src/kernel/errors.ts'
import { WORK_TYPES, type WorkType } from '../../../../src/services/multimodal-gateway/doors.contract.ts'
import { refusal } from '../city/uploading.ts'

export { WORK_TYPES as DOORS }
export type Door = WorkType

interface About {
  readonly path: string
  /** The kinds of file it takes; absent where it takes none. */
  readonly accept?: string
  readonly fields?: Readonly<Record<string, string>>
  /** What is typed: the name of the field. */
  readonly types?: readonly ('text' | 'texts' | 'url' | 'query')[]
  /** Whether long work goes as a job. */
  readonly jobs: boolean
}

export const ABOUT: Readonly<Record<Door, About>> = {
  transcript: {
    path: '/v1/audio/transcriptions',
    accept: 'audio/*,video/mp4,video/webm',
    fields: { response_format: 'verbose_json' },
    jobs: true,
  },
  translation: {
    path: '/v1/audio/translations',
    accept: 'audio/*,video/mp4,video/webm',
    fields: { response_format: 'verbose_json' },
    jobs: true,
  },
  speech: { path: '/v1/audio/speech', types: ['text'], jobs: true },
  ocr: { path: '/api/multimodal/ocr', accept: 'image/*', jobs: true },
  describe: { path: '/api/multimodal/describe', accept: 'image/*', jobs: true },
  parse: { path: '/api/multimodal/parse', accept: '*/*', jobs: true },
  read: { path: '/api/multimodal/read', types: ['url'], jobs: true },
  search: { path: '/api/multimodal/search', types: ['query'], jobs: false },
  embed: { path: '/api/multimodal/embed', types: ['texts'], jobs: false },
  rerank: { path: '/api/multimodal/rerank', types: ['query', 'texts'], jobs: false },
}

/** What somebody filled in. */
export interface Asked {
  readonly door: Door
  readonly file: File | null
  readonly typed: Readonly<Record<'text' | 'texts' | 'url' | 'query', string>>
  readonly asJob: boolean
}

export interface Told {
  readonly door: Door
  readonly ms: number
  readonly engine: string | null
  readonly usage: string | null
  readonly kept: boolean
  readonly robotic: boolean
  readonly job: boolean
  /** Null where the answer is a sound. */
  readonly json: unknown
  readonly sound: string | null
}

/** Knocks at a door as a program would, by the session of this page. */
export async function knock(asked: Asked, signal: AbortSignal): Promise<Told> {
  const { path } = ABOUT[asked.door]
  const began = performance.now()
  const form = formOf(asked)
  const headers: Record<string, string> = {
    ...(asked.asJob && { prefer: 'respond-async' }),
    ...(form === null && { 'content-type': 'application/json' }),
  }
  const body = form ?? JSON.stringify(bodyOf(asked))
  const response = await fetch(path, { method: 'POST', headers, body, signal, credentials: 'same-origin' })
  const type = response.headers.get('content-type') ?? ''
  const sound = type.startsWith('audio/') ? URL.createObjectURL(await response.blob()) : null
  const json: unknown = sound === null ? await response.json().catch(() => undefined) : null
  if (!response.ok) throw failed(response, json)
  return {
    door: asked.door,
    ms: performance.now() - began,
    engine: response.headers.get('x-engine'),
    usage: response.headers.get('x-usage'),
    kept: response.headers.get('x-cache') === 'hit',
    robotic: response.headers.get('x-speech-quality') === 'robotic',
    job: response.status === 202,
    json,
    sound,
  }
}

/** Under `/v1` the city's own shape stands within OpenAI's. */
function failed({ headers, status }: Response, json: unknown): AppError {
  const { error } = (json ?? {}) as { error?: { daarion?: unknown } }
  const body = error?.daarion === undefined ? json : { error: error.daarion }
  return refusal({ status, body, retryAfter: headers.get('retry-after') })
}

function formOf({ door, file }: Asked): FormData | null {
  const { accept, fields } = ABOUT[door]
  if (accept === undefined || file === null) return null
  const form = new FormData()
  for (const [name, value] of Object.entries(fields ?? {})) form.set(name, value)
  form.set('file', file, file.name)
  return form
}

/** The JSON body of a door that takes no file. */
export function bodyOf({ door, typed }: Pick<Asked, 'door' | 'typed'>): Record<string, unknown> {
  const texts = typed.texts.split('\n').filter((line) => line.trim() !== '')
  switch (door) {
    case 'speech':
      return { model: 'tts-1', voice: 'alloy', input: typed.text }
    case 'read':
      return { url: typed.url }
    case 'search':
      return { query: typed.query }
    case 'embed':
      return { texts }
    case 'rerank':
      return { query: typed.query, texts }
    default:
      return {}
  }
}

/** Whether there is enough to ask with. */
export const canAsk = ({ door, file, typed }: Asked): boolean => {
  const { accept, types = [] } = ABOUT[door]
  return (accept === undefined || file !== null) && types.every((type) => typed[type].trim() !== '')
}

/** The same request as a program makes it. */
export function programs(asked: Asked, origin: string): { readonly curl: string; readonly client: string } {
  const { accept, fields = {}, path } = ABOUT[asked.door]
  const prefer = asked.asJob ? " \\\n  -H 'Prefer: respond-async'" : ''
  const head = `curl ${origin}${path} \\\n  -H "Authorization: Bearer $DAARION_KEY"${prefer}`
  const body = JSON.stringify(bodyOf(asked))
  const name = asked.file?.name ?? 'file'
  const curl =
    accept === undefined
      ? `${head} \\\n  --json ${quoted(body)}`
      : [
          head,
          ...Object.entries(fields).map(([key, value]) => `-F ${key}=${value}`),
          `-F ${quoted(`file=@${name}`)}`,
        ].join(' \\\n  ')
  return { curl, client: clientOf(asked, origin, name, body) }
}

function clientOf({ door }: Asked, origin: string, name: string, body: string): string {
  const openAi = `import OpenAI from 'openai'\nconst city = new OpenAI({ baseURL: '${origin}/v1', apiKey: process.env.DAARION_KEY })\n`
  const path = JSON.stringify(name)
  switch (door) {
    case 'transcript':
      return `import { createReadStream } from 'node:fs'\n${openAi}const { text } = await city.audio.transcriptions.create({\n  model: 'whisper-1',\n  file: createReadStream(${path}),\n})`
    case 'translation':
      return `import { createReadStream } from 'node:fs'\n${openAi}const { text } = await city.audio.translations.create({\n  model: 'whisper-1',\n  file: createReadStream(${path}),\n})`
    case 'speech':
      return `${openAi}const sound = await city.audio.speech.create(${body})`
    default: {
      const authorization = `authorization: 'Bearer ' + process.env.DAARION_KEY`
      const call = (headers: string, sent: string) =>
        `const answer = await fetch('${origin}${ABOUT[door].path}', {\n  method: 'POST',\n  headers: { ${headers} },\n  body${sent},\n})\nconst result = await answer.json()`
      return ABOUT[door].accept === undefined
        ? call(`${authorization}, 'content-type': 'application/json'`, `: JSON.stringify(${body})`)
        : `import { openAsBlob } from 'node:fs'\nconst body = new FormData()\nbody.set('file', await openAsBlob(${path}), ${path})\n${call(authorization, '')}`
    }
  }
}

/** One word of a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
