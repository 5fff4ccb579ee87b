import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { engineError } from '../../engines/engine.errors.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Right } from '../../kernel/contract.ts'
import { deadline } from '../../kernel/deadline.ts'
import { kernelError } from '../../kernel/errors.ts'
import type { Events } from '../../platform/events/events.ts'
import { failureOf, retryAfter } from '../../platform/http/http.errors.ts'
import { openStreams } from '../../platform/http/open-streams.ts'
import { openAiError } from '../../platform/http/openai-error.ts'
import type { Authenticate } from '../../platform/http/service.ts'
import { credentialRevoked } from '../auth/auth.events.ts'
import type { Source } from './artefacts.ts'
import { type Caller, callerOf } from './caller.ts'
import { account, answer, type DoorNeeds, preferenceOf, REQUEST_MS, show, stream } from './door.ts'
import { DOOR_RIGHTS, doorOperations, SourceText } from './doors.contract.ts'
import type { Benches, EngineName } from './engine-set.ts'
import { jobOperations } from './jobs.contract.ts'
import type { Jobs } from './jobs.ts'
import { gatewayError } from './multimodal-gateway.errors.ts'
import { SpeechRequest } from './openai.ts'
import { hearingOrder, ownOrder, speechOrder } from './orders.ts'
import type { ResolveSource } from './sources.ts'
import { readUpload } from './upload.ts'

export interface RouteNeeds extends DoorNeeds {
  readonly benches: Benches
  readonly resolve: ResolveSource
  readonly maxBytes: number
  /** Names a transcription may ask for. */
  readonly sttModels: readonly string[]
}

/** Bodies that are read at the same time: with the limit of one, what they may take of memory. */
const UPLOADS = 16
const UPLOAD_RETRY_S = 5
/** A file’s own fields; `file` or `source` stand beside them. */
const WITHOUT_SOURCE = {
  ocr: doorOperations.ocr.input.omit({ source: true }),
  describe: doorOperations.describe.input.omit({ source: true }),
  parse: doorOperations.parse.input.omit({ source: true }),
}
/** A data URL of 4 MB, and the texts of one call. */
const BODY_BYTES = 8 * 1024 * 1024

/** The operations whose routes are served here. */
export const OWN_DOORS = ['ocr', 'describe', 'parse', 'read', 'search', 'embed', 'rerank'] as const

/** The doors of these engines, of all where nothing is said. Each needs a principal, refuses early when its engine is busy, and stops its work when the client goes away. */
export function serveDoors(
  app: FastifyInstance,
  authenticate: Authenticate,
  needs: RouteNeeds,
  only?: ReadonlySet<EngineName>,
): void {
  const { benches, maxBytes, resolve, workshop } = needs
  const callers = new WeakMap<FastifyRequest, Caller>()
  let uploads = 0

  const letIn =
    (right: Right, engine: EngineName) => async (request: FastifyRequest, reply: FastifyReply) => {
      const caller = await callerOf(request, reply, right, authenticate)
      const { key, principal } = caller.payer
      if (!preferenceOf(request).async) benches[engine].lane.admit(key ?? principal ?? '')
      callers.set(request, caller)
    }
  const door = (
    path: string,
    engine: EngineName,
    right: Right,
    handle: (request: FastifyRequest, reply: FastifyReply, caller: Caller) => Promise<unknown>,
  ) => {
    if (only && !only.has(engine)) return
    app.post(path, {
      bodyLimit: BODY_BYTES,
      onRequest: letIn(right, engine),
      ...(path.startsWith('/v1/') && { errorHandler: answerOpenai }),
      handler: (request, reply) => {
        const caller = callers.get(request)
        if (!caller) throw kernelError('auth.required')
        return handle(request, reply, caller)
      },
    })
  }

  /** The file and the fields of a request, by form or by JSON. */
  const take = async (request: FastifyRequest, caller: Caller): Promise<Taken> => {
    const { file, fields } = request.isMultipart()
      ? await upload(request)
      : { file: undefined, fields: bodyOf(request) }
    if (file) return { source: file, fields }
    if (fields.source === undefined || fields.source === '') throw gatewayError('gateway.no_file')
    const named = SourceText.safeParse(fields.source)
    if (!named.success) throw gatewayError('gateway.bad_source')
    return { source: await resolve(named.data, caller), fields }
  }
  const upload = async (request: FastifyRequest) => {
    if (uploads >= UPLOADS)
      throw engineError('engine.busy', { seconds: UPLOAD_RETRY_S }, { retryAfterMs: UPLOAD_RETRY_S * 1000 })
    uploads += 1
    try {
      return await readUpload(request, { maxBytes })
    } finally {
      uploads -= 1
    }
  }

  for (const [path, type] of [
    ['/v1/audio/transcriptions', 'transcript'],
    ['/v1/audio/translations', 'translation'],
  ] as const)
    door(path, 'stt', DOOR_RIGHTS.audio, async (request, reply, caller) => {
      const { fields, source } = await take(request, caller)
      const { stream: streams, ...order } = hearingOrder(type, source, fields, needs.sttModels)
      if (streams) return await stream(workshop, order, caller, reply)
      return await answer(
        needs,
        order,
        caller,
        { prefer: preferenceOf(request), webhook: webhookOf(fields) },
        reply,
      )
    })

  door('/v1/audio/speech', 'tts', DOOR_RIGHTS.speech, async (request, reply, caller) => {
    const fields = bodyOf(request)
    const asked = checked(SpeechRequest, fields)
    const order = speechOrder(asked)
    if (asked.stream_format === 'sse') return await speakInEvents(needs, order.work, caller, reply)
    return await answer(
      needs,
      order,
      caller,
      { prefer: preferenceOf(request), webhook: webhookOf(fields) },
      reply,
    )
  })

  const own = [
    ['ocr', 'ocr'],
    ['describe', 'vision'],
    ['parse', 'parser'],
  ] as const
  for (const [type, engine] of own) {
    const op = doorOperations[type]
    door(op.path, engine, op.right, async (request, reply, caller) => {
      const { fields, source } = await take(request, caller)
      const { webhook = null, ...input } = checked(WITHOUT_SOURCE[type], fields)
      const prefer = preferenceOf(request)
      if (prefer.async && 'password' in input && input.password !== undefined)
        throw gatewayError('gateway.not_as_job')
      return await answer(needs, ownOrder(type, source, input), caller, { prefer, webhook }, reply)
    })
  }
  door(doorOperations.read.path, 'reader', doorOperations.read.right, async (request, reply, caller) => {
    const { webhook = null, ...input } = checked(doorOperations.read.input, bodyOf(request))
    const how = { prefer: preferenceOf(request), webhook }
    return await answer(needs, ownOrder('read', null, input), caller, how, reply)
  })
  for (const type of ['search', 'embed', 'rerank'] as const) {
    const op = doorOperations[type]
    const engine = type === 'embed' ? 'embeddings' : type
    door(op.path, engine, op.right, async (request, reply, { payer, signal }) => {
      const input = checked<z.ZodType>(op.input, bodyOf(request))
      const wish = { payer, signal: AbortSignal.any([signal, deadline(REQUEST_MS)]) }
      // Checked by the schema of its own operation, which is what its kind takes.
      const made = await workshop.make(type, null, input as never, wish)
      account(reply, made)
      return made.result
    })
  }
}

/** How a job goes, and what came of it. */
export function serveJobs(
  app: FastifyInstance,
  authenticate: Authenticate,
  {
    events,
    clock,
    jobs,
    stopping,
  }: {
    readonly events: Events
    readonly clock: Clock
    readonly jobs: Jobs
    readonly stopping: AbortSignal
  },
): void {
  const { right } = jobOperations.job
  const streams = openStreams({ events, clock, authenticate, revoked: credentialRevoked })
  stopping.addEventListener('abort', streams.stop, { once: true })
  app.get('/api/multimodal/jobs/:job/events', async (request, reply) => {
    const { principal, signal } = await callerOf(request, reply, right, authenticate)
    const job = idOf(request)
    await jobs.find(job, principal.id)
    const last = request.headers['last-event-id']
    const from = typeof last === 'string' && /^\d{1,15}$/.test(last) ? Number(last) : 0
    const stream = streams.watch(principal.id, request)
    reply.raw.once('close', stream.done)
    const until = AbortSignal.any([signal, stream.signal, stopping])
    const frames = async function* () {
      for await (const now of jobs.watch(job, principal.id, from, until))
        yield `id: ${now.version}\nevent: job\ndata: ${JSON.stringify(now)}\n\n`
    }
    return reply
      .header('content-type', 'text/event-stream; charset=utf-8')
      .header('cache-control', 'no-store')
      .header('x-accel-buffering', 'no')
      .send(Readable.from(frames(), { highWaterMark: 1 }))
  })
  app.get('/api/multimodal/jobs/:job/result', async (request, reply) => {
    const { principal } = await callerOf(request, reply, right, authenticate)
    const { engine, options, result, state, type } = await jobs.find(idOf(request), principal.id)
    if (state !== 'done') throw gatewayError('gateway.job_not_done', { state })
    if (engine) reply.header('x-engine', encodeURI(engine))
    return show(reply, { type, shape: (options as { shape?: unknown }).shape }, result)
  })
}

interface Taken {
  readonly source: Source
  readonly fields: Readonly<Record<string, unknown>>
}

/** Speech in OpenAI's events: the sound as one piece, then what it took. */
async function speakInEvents(
  { workshop }: RouteNeeds,
  work: unknown,
  { payer, signal }: Caller,
  reply: FastifyReply,
) {
  const made = await workshop.make('speech', null, work as never, { payer, signal })
  account(reply, made)
  const lines = [{ type: 'speech.audio.delta', audio: made.result.audio }, { type: 'speech.audio.done' }]
  return reply
    .type('text/event-stream; charset=utf-8')
    .send(lines.map((line) => `data: ${JSON.stringify(line)}\n\n`).join(''))
}

/** Every failure under `/v1`, also one before the handler, in the shape its clients read. */
function answerOpenai(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const failure = failureOf(error)
  if (failure.kind === 'internal') request.log.error({ err: error, route: request.routeOptions.url }, 'bug')
  const later = retryAfter(failure)
  if (later) reply.header('retry-after', later)
  const { name } = failure.params
  reply.code(failure.status).send(openAiError(failure, typeof name === 'string' ? name : null))
}

export function checked<S extends z.ZodType>(schema: S, raw: unknown): z.output<S> {
  const input = schema.safeParse(raw)
  if (input.success) return input.data
  const detail = input.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
  throw kernelError('input.invalid', { detail }, { cause: input.error })
}

const bodyOf = ({ body }: FastifyRequest): Readonly<Record<string, unknown>> =>
  typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body } : {}

const idOf = ({ params }: FastifyRequest): string => String((params as { job?: unknown }).job ?? '')

function webhookOf(fields: Readonly<Record<string, unknown>>): string | null {
  const { webhook } = fields
  if (webhook === undefined || webhook === '') return null
  return checked(doorOperations.read.input.shape.webhook.unwrap(), webhook)
}
