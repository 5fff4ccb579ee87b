import type { FastifyInstance } from 'fastify'
import { invoke } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import { inputReader, openCall } from '../../../platform/http/serve.ts'
import type { Authenticate } from '../../../platform/http/service.ts'
import { cityContract } from '../city.contract.ts'
import type { Say } from './messages.ts'
import { checkText } from './text.ts'

/** Saying something over HTTP: 201 for a new message, 200 for one said before. */
export function postRoute(app: FastifyInstance, authenticate: Authenticate, say: Say): void {
  const op = cityContract.post
  const read = inputReader(op, ['text', 'clientId'])
  app.post(op.path, async (request, reply) => {
    const call = await openCall(request, reply, op, authenticate)
    const input = read(request)
    // Said by its own name before the schema says it in general.
    if (typeof input.text === 'string') checkText(input.text)
    let fresh = true
    const message = await invoke(
      op,
      async ({ room, ...body }: Parameters<Say>[2] & { room: string }) => {
        if (!call.principal) throw kernelError('auth.required')
        const said = await say(call.principal, room, body, call.requestId)
        fresh = said.fresh
        return said.message
      },
      input,
      call,
    )
    return await reply.code(fresh ? op.status : 200).send(message)
  })
}
