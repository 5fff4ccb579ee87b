import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Call } from '../../kernel/contract.ts'
import { AppError } from '../../kernel/errors.ts'

/** Told of an answer as it comes about. */
export type Emit = (event: string, data: unknown) => void

const MAX_QUEUED_CHARS = 10_000_000
const HEARTBEAT_MS = 15_000

/** Answers with server-sent events: what `run` emits as it goes, and at the end its answer as `done`. Begins at once; what fails afterwards is an `error` event. A reader that is too slow is cut off rather than waited for with memory. */
export function answerWithEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  { signal }: Call,
  run: (emit: Emit) => Promise<unknown>,
): FastifyReply {
  const stream = new Readable({ read() {} })
  let queued = 0
  const emit: Emit = (event, data) => {
    if (stream.destroyed) return
    queued = stream.readableLength
    if (queued > MAX_QUEUED_CHARS) stream.destroy()
    else stream.push(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }
  const beat = setInterval(() => stream.push(': still here\n\n'), HEARTBEAT_MS)
  beat.unref()
  const work = async () => {
    try {
      emit('done', await run(emit))
    } catch (cause) {
      const failure = AppError.from(cause)
      if (failure.kind === 'internal')
        request.log.error({ err: cause, route: request.routeOptions.url }, 'bug')
      if (!signal.aborted) emit('error', failure.toJSON().error)
    } finally {
      clearInterval(beat)
      if (!stream.destroyed) stream.push(null)
    }
  }
  void work()
  return reply
    .header('content-type', 'text/event-stream; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .send(stream)
}
