import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { engineError } from '../../engines/engine.errors.ts'
import { deadline } from '../../kernel/deadline.ts'
import { failureOf } from '../../platform/http/http.errors.ts'
import { openAiError } from '../../platform/http/openai-error.ts'
import { admitted } from '../../platform/http/serve.ts'
import type { Authenticate } from '../../platform/http/service.ts'
import type { Artefacts, Source } from './artefacts.ts'
import type { Lane } from './lane.ts'
import { GATEWAY_RIGHTS } from './multimodal-gateway.contract.ts'
import { gatewayError } from './multimodal-gateway.errors.ts'
import type { ArtefactKind } from './multimodal-gateway.tables.ts'
import { RESPONSE_FORMATS, transcription } from './openai.ts'
import { readUpload } from './upload.ts'

interface RouteNeeds {
  readonly artefacts: Artefacts
  readonly lanes: Readonly<Record<ArtefactKind, Lane>>
  readonly maxBytes: number
  /** Names a transcription may ask for. */
  readonly sttModels: readonly string[]
}

/** From the first byte to the answer. */
const REQUEST_MS = 10 * 60_000

/** Bodies that are read at the same time: with the limit of one, what they may take of memory. */
const UPLOADS = 16
const UPLOAD_RETRY_S = 5

/** The three routes that take files. Each needs a principal, refuses early when its engine is busy, and stops its work when the client goes away. */
export function serveUploads(app: FastifyInstance, authenticate: Authenticate, needs: RouteNeeds): void {
  const { artefacts, lanes, maxBytes } = needs
  let uploads = 0
  const take = async (request: FastifyRequest, reply: FastifyReply, kind: ArtefactKind): Promise<Taken> => {
    const call = await admitted(request, reply, GATEWAY_RIGHTS[kind], authenticate)
    const signal = AbortSignal.any([call.signal, deadline(REQUEST_MS)])
    lanes[kind].admit()
    if (uploads >= UPLOADS)
      throw engineError('engine.busy', { seconds: UPLOAD_RETRY_S }, { retryAfterMs: UPLOAD_RETRY_S * 1000 })
    uploads += 1
    try {
      const { fields, ...source } = await readUpload(request, { maxBytes })
      return { source, fields, signal }
    } finally {
      uploads -= 1
    }
  }

  app.post('/v1/audio/transcriptions', { errorHandler: answerOpenai }, async (request, reply) => {
    const { source, fields, signal } = await take(request, reply, 'transcript')
    const format = choice('response_format', fields.get('response_format') ?? 'json', RESPONSE_FORMATS)
    const language = languageOf(fields.get('language'))
    knownModel(fields.get('model'), needs.sttModels)
    const { type, body } = transcription(await artefacts.transcribe(source, { signal, language }), format)
    return reply.type(type).send(body)
  })

  app.post('/api/multimodal/ocr', async (request, reply) => {
    const { source, fields, signal } = await take(request, reply, 'ocr')
    return artefacts.read(source, { signal, languages: languagesOf(fields.get('languages')) })
  })

  app.post('/api/multimodal/parse', async (request, reply) => {
    const { source, signal } = await take(request, reply, 'parse')
    return artefacts.parse(source, { signal })
  })
}

/** Every failure under `/v1`, also one before the handler, in the shape its clients read. */
function answerOpenai(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const failure = failureOf(error)
  if (failure.kind === 'internal') request.log.error({ err: error, route: request.routeOptions.url }, 'bug')
  if (failure.retryAfterMs !== undefined)
    reply.header('retry-after', String(Math.max(1, Math.ceil(failure.retryAfterMs / 1000))))
  const { name } = failure.params
  reply.code(failure.status).send(openAiError(failure, typeof name === 'string' ? name : null))
}

interface Taken {
  readonly source: Source
  readonly fields: ReadonlyMap<string, string>
  readonly signal: AbortSignal
}

function choice<T extends string>(name: string, given: string, options: readonly T[]): T {
  const chosen = options.find((option) => option === given)
  if (chosen === undefined) throw gatewayError('gateway.bad_option', { name, options: options.join(', ') })
  return chosen
}

/** ISO 639-1; a region after it is let go. */
function languageOf(given: string | undefined): string | undefined {
  if (!given) return undefined
  const code = /^([a-z]{2})(?:[-_][a-z]{2})?$/i.exec(given)?.[1]
  if (!code) throw gatewayError('gateway.bad_option', { name: 'language', options: 'uk, en, …' })
  return code.toLowerCase()
}

function languagesOf(given: string | undefined): ('uk' | 'en')[] | undefined {
  if (!given) return undefined
  return given.split(',').map((name) => choice('languages', name.trim(), ['uk', 'en'] as const))
}

function knownModel(given: string | undefined, models: readonly string[]): void {
  if (given && !models.includes(given))
    throw gatewayError('gateway.unknown_model', { model: given, models: models.join(', ') })
}
