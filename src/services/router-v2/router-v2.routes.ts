import type { FastifyInstance } from 'fastify'
import { type Call, invoke, type Operation } from '../../kernel/contract.ts'
import { answerWithEvents, type Emit } from '../../platform/http/event-answer.ts'
import { failureOf, retryAfter } from '../../platform/http/http.errors.ts'
import { readForm } from '../../platform/http/read-form.ts'
import { admitFirst, inputReader, openCall } from '../../platform/http/serve.ts'
import type { Authenticate } from '../../platform/http/service.ts'
import type { FilePart } from './asked.ts'
import type { RouteAnswer, RouteRequest } from './router-v2.contract.ts'
import { formOptions, kindOfFile, requestOfForm } from './router-v2.form.contract.ts'

type Uploads = readonly FilePart[]

export interface ServedRoute {
  readonly op: Operation
  route(
    input: RouteRequest,
    call: Call,
    more: { readonly uploads: Uploads; readonly emit: Emit },
  ): Promise<RouteAnswer>
  readonly maxPartBytes: number
}

/** Room for several parts in base64. */
const MAX_BODY_BYTES = 64 * 1024 * 1024

/** Serves the route of every kind of request: JSON or a form, answered whole or as it goes. v1's form fails in v1's envelope. */
export function serveRoute(app: FastifyInstance, authenticate: Authenticate, served: ServedRoute): void {
  const { op } = served
  const read = inputReader(op)
  app.route({
    method: op.method,
    url: op.path,
    bodyLimit: MAX_BODY_BYTES,
    onRequest: admitFirst(op, authenticate),
    async handler(request, reply) {
      const call = await openCall(request, reply, op, authenticate)
      const { uploads, raw } = request.isMultipart()
        ? uploaded(await readForm(request, formOptions(served.maxPartBytes, MAX_BODY_BYTES)))
        : { uploads: [], raw: read(request) }
      const key = request.headers['idempotency-key']
      const input = typeof key === 'string' ? { ...raw, idempotencyKey: key } : raw
      const run = (emit: Emit) =>
        invoke(op, (judged: never, own) => served.route(judged, own, { uploads, emit }), input, call)
      if (request.headers.accept?.includes('text/event-stream'))
        return answerWithEvents(request, reply, call, run)
      try {
        return await run(() => undefined)
      } catch (cause) {
        // v1's clients look for `ok`.
        if (!('message' in raw)) throw cause
        const failure = failureOf(cause)
        if (failure.kind === 'internal') request.log.error({ err: cause, route: op.path }, 'bug')
        const later = retryAfter(failure)
        if (later !== undefined) reply.header('retry-after', later)
        return reply.code(failure.status).send({ ok: false, ...failure.toJSON() })
      }
    },
  })
}

/** Files stay bytes on their way to what reads them. */
const uploaded = ({ fields, files }: Awaited<ReturnType<typeof readForm>>) => ({
  raw: requestOfForm(fields),
  uploads: files.map(({ field, name, mime, bytes }): FilePart => {
    return { type: kindOfFile(field, mime), name, source: { bytes, mime, name } }
  }),
})
