import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Operation } from '../../kernel/contract.ts'
import { deadline } from '../../kernel/deadline.ts'
import { kernelError } from '../../kernel/errors.ts'
import { inputReader } from '../../platform/http/serve.ts'
import type { Authenticate } from '../../platform/http/service.ts'
import type { Made } from './artefacts.ts'
import { type Caller, callerOf } from './caller.ts'
import { account, REQUEST_MS } from './door.ts'
import type { Benches } from './engine-set.ts'
import { checked } from './multimodal-gateway.routes.ts'
import { vectorOperations } from './vectors.contract.ts'
import type { VectorDoors } from './vectors.ts'

/** Those whose bodies may be large, and which are counted: their routes are the gateway’s own. */
export const OWN_VECTOR_DOORS = ['putVectors', 'searchVectors'] as const

/** 256 points of some 2,000 numbers. */
const BODY_BYTES = 8 * 1024 * 1024

/** Refuses early when the store is busy, before a body is read, and stops when the client goes away. */
export function serveVectors(
  app: FastifyInstance,
  authenticate: Authenticate,
  { benches, doors }: { readonly benches: Pick<Benches, 'vectors'>; readonly doors: VectorDoors },
): void {
  const callers = new WeakMap<FastifyRequest, Caller>()
  const serve = <O extends Operation>(
    op: O,
    work: (input: ReturnType<typeof checked<O['input']>>, caller: Caller) => Promise<Made<unknown>>,
  ) => {
    const read = inputReader(op)
    app.route({
      method: op.method,
      url: op.path,
      bodyLimit: BODY_BYTES,
      async onRequest(request: FastifyRequest, reply: FastifyReply) {
        const caller = await callerOf(request, reply, op.right, authenticate)
        benches.vectors.lane.admit(caller.payer.key ?? caller.principal.id)
        callers.set(request, caller)
      },
      async handler(request, reply) {
        const caller = callers.get(request)
        if (!caller) throw kernelError('auth.required')
        const input = checked<O['input']>(op.input, read(request))
        const signal = AbortSignal.any([caller.signal, deadline(REQUEST_MS)])
        const made = await work(input, { ...caller, signal })
        account(reply, made)
        return made.result
      },
    })
  }
  const asker = ({ payer, principal, signal }: Caller) => ({ payer, signal, owner: principal.id })
  serve(vectorOperations.putVectors, (input, caller) => doors.put(input, asker(caller)))
  serve(vectorOperations.searchVectors, (input, caller) => doors.search(input, asker(caller)))
}
