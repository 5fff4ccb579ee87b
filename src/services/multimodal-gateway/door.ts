import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { deadline } from '../../kernel/deadline.ts'
import { AppError } from '../../kernel/errors.ts'
import { failureOf } from '../../platform/http/http.errors.ts'
import { openAiError } from '../../platform/http/openai-error.ts'
import type { Made, Workshop } from './artefacts.ts'
import type { Caller } from './caller.ts'
import type { Job } from './jobs.contract.ts'
import type { Jobs, Order } from './jobs.ts'
import type { SpeechResult } from './kinds.ts'
import { gatewayError } from './multimodal-gateway.errors.ts'
import { usageOf } from './openai.ts'
import { rendered } from './orders.ts'

/** How a request wants to be answered (RFC 7240). */
export interface Preference {
  readonly async: boolean
  readonly waitMs: number
}

export interface DoorNeeds {
  readonly workshop: Workshop
  /** Without it all is answered at once: a node of engines alone. */
  readonly jobs?: Jobs | undefined
}

/** From the first byte to the answer. */
export const REQUEST_MS = 10 * 60_000
const LONGEST_WAIT_S = 60

/** Answers an order at once, or as a job where that is preferred. */
export async function answer(
  { jobs, workshop }: DoorNeeds,
  order: Order,
  { payer, principal, signal }: Caller,
  how: { readonly prefer: Preference; readonly webhook: string | null },
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { prefer, webhook } = how
  if (webhook !== null && !prefer.async) throw gatewayError('gateway.webhook_alone')
  if (prefer.async && jobs) {
    // Short work answers at once, and what is kept already is the shortest.
    const kept = webhook === null ? await keptOf(workshop, order) : undefined
    if (kept !== undefined) return show(reply, order, kept)
    const queued = await jobs.queue(order, principal.id, payer, webhook)
    const job = await ended(jobs, queued, principal.id, prefer.waitMs, signal)
    reply.header('preference-applied', 'respond-async')
    if (job.state !== 'done')
      return reply.code(202).header('location', `/api/multimodal/jobs/${job.id}`).send(job)
    const { result } = await jobs.find(job.id, principal.id)
    return show(reply, order, result)
  }
  const wish = { signal: AbortSignal.any([signal, deadline(REQUEST_MS)]), payer }
  const made = await makeOf(workshop, order, wish)
  account(reply, made)
  return show(reply, order, made.result)
}

/** Streams a transcript as it is heard, in OpenAI's events. What fails after the first word is told in the stream. */
export async function stream(
  workshop: Workshop,
  order: Order,
  { payer, signal }: Caller,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const parts: string[] = []
  let ring = () => {}
  let over = false
  let heardAny = false
  const say = (data: object) => {
    parts.push(`data: ${JSON.stringify(data)}\n\n`)
    ring()
  }
  const stop = new AbortController()
  const wish = {
    payer,
    signal: AbortSignal.any([signal, stop.signal, deadline(REQUEST_MS)]),
    onPartial({ text }: { readonly text: string }) {
      const delta = heardAny ? ` ${text}` : text
      heardAny = true
      say({ type: 'transcript.text.delta', delta })
    },
  }
  const type = order.type === 'translation' ? 'translation' : 'transcript'
  const work = workshop.make(type, order.source, order.work as object, wish).then(
    ({ result, cached }) => {
      if (!heardAny) for (const segment of cached ? result.segments : []) wish.onPartial(segment)
      say({ type: 'transcript.text.done', text: result.text, usage: usageOf(result) })
    },
    (cause: unknown) => {
      if (!heardAny) throw cause
      say(openAiError(failureOf(cause)))
    },
  )
  // What fails before the first word is an answer of its own.
  const first = new Promise<void>((resolve) => {
    ring = resolve
  })
  await Promise.race([first, work])
  const ending = work.finally(() => {
    over = true
    ring()
  })
  ending.catch(() => undefined)
  async function* frames() {
    try {
      while (!over || parts.length > 0) {
        const ready = parts.shift()
        if (ready !== undefined) yield ready
        else
          await new Promise<void>((resolve) => {
            ring = resolve
            if (over || parts.length > 0) resolve()
          })
      }
    } finally {
      stop.abort()
    }
  }
  return reply
    .header('content-type', 'text/event-stream; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .send(Readable.from(frames(), { highWaterMark: 1 }))
}

/** `Prefer: respond-async, wait=5`. */
export function preferenceOf({ headers }: Pick<FastifyRequest, 'headers'>): Preference {
  const given = [headers.prefer ?? []].flat().join(',')
  const wait = Number(/(?:^|[,;\s])wait=(\d{1,4})(?:$|[,;\s])/.exec(given)?.[1] ?? 0)
  return {
    async: /(?:^|[,;\s])respond-async(?:$|[,;\s])/i.test(given),
    waitMs: Math.min(wait, LONGEST_WAIT_S) * 1000,
  }
}

/** Says who answered and what it took. */
export function account(reply: FastifyReply, { amount, cached, driver, result, unit }: Made<unknown>): void {
  const { engine = driver } = result as { engine?: string }
  // Header values are Latin letters alone; a model's name may not be.
  reply.header('x-engine', encodeURI(engine))
  reply.header('x-cache', cached ? 'hit' : 'miss')
  if (isSpeech(result)) {
    reply.header('x-speech-format', result.format)
    reply.header('x-speech-language', result.language)
    reply.header('x-speech-quality', result.quality)
  }
  reply.header('x-usage', `${unit}=${Math.round(amount * 1000) / 1000}`)
}

const isSpeech = (result: unknown): result is SpeechResult =>
  typeof result === 'object' && result !== null && 'audio' in result && 'quality' in result

export function show(reply: FastifyReply, { shape, type }: Pick<Order, 'type' | 'shape'>, result: unknown) {
  const { body, mime } = rendered(type, result, shape)
  return reply.type(mime).send(body)
}

// An order's work was made for its type in `orders.ts`; the table of kinds does not follow that.
const makeOf = (workshop: Workshop, { source, type, work }: Order, wish: Parameters<Workshop['make']>[3]) =>
  workshop.make(type, source, work as never, wish) as Promise<Made<unknown>>
const keptOf = (workshop: Workshop, { source, type, work }: Order): Promise<unknown> =>
  workshop.kept(type, source, work as never)

/** The job when it is over, or as it is when the time is. */
async function ended(jobs: Jobs, job: Job, owner: string, waitMs: number, signal: AbortSignal): Promise<Job> {
  if (waitMs === 0) return job
  let last = job
  const limit = AbortSignal.any([signal, deadline(waitMs)])
  for await (const now of jobs.watch(job.id, owner, job.version, limit)) last = now
  if (last.error) {
    const { code, kind, message, params } = last.error
    throw new AppError(kind, code, message, params)
  }
  return last
}
