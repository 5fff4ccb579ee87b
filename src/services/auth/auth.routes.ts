import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Call, invoke } from '../../kernel/contract.ts'
import { kernelError } from '../../kernel/errors.ts'
import { inputReader, whenGone } from '../../platform/http/serve.ts'
import type { Authenticate, Identity } from '../../platform/http/service.ts'
import { authContract } from './auth.contract.ts'
import type { Door, Visitor } from './auth.door.ts'

/** The operations served here rather than by the kernel, for the cookies they set. */
export const CUSTOM = ['welcome', 'signUp', 'signIn', 'signOut', 'me'] as const

const NOBODY: Identity = { principal: null, service: null, credential: null }
const MAX_USER_AGENT = 300

export function authRoutes(app: FastifyInstance, authenticate: Authenticate, door: Door): void {
  type Served = (input: never, identity: Identity, visitor: Visitor, call: Call) => Promise<unknown>
  const serve = (name: (typeof CUSTOM)[number], served: Served) => {
    const op = authContract[name]
    const read = inputReader(op)
    app.route({
      method: op.method,
      url: op.path,
      async handler(request, reply) {
        const identity = op.access === 'public' ? NOBODY : await authenticate(request)
        const { principal, service } = identity
        const call: Call = { principal, service, requestId: request.id, signal: whenGone(reply) }
        const visitor = visitorOf(request, reply)
        const handler = (input: never, c: Call) => served(input, identity, visitor, c)
        reply.header('cache-control', 'no-store')
        return reply.code(op.status).send(await invoke(op, handler, read(request), call))
      },
    })
  }
  serve('welcome', (input, _, visitor, call) => door.welcome(input, call.requestId, visitor))
  serve('signUp', (input, _, visitor, call) => door.signUp(input, call.requestId, visitor))
  serve('signIn', (input, _, visitor) => door.signIn(input, visitor))
  serve('signOut', (_input, _, visitor) => door.signOut(visitor))
  serve('me', (_input, { principal, credential }, visitor) => {
    if (!principal) throw kernelError('auth.required')
    return door.me(principal.id, credential, visitor)
  })
}

function visitorOf(request: FastifyRequest, reply: FastifyReply): Visitor {
  const { headers } = request
  return {
    // Undefined, whatever Fastify's type says, for a request over the operator's socket.
    address: String(request.ip),
    userAgent: (headers['user-agent'] ?? '').slice(0, MAX_USER_AGENT),
    locale: localeOf(headers['accept-language']),
    cookie: headers.cookie,
    setCookie: (value) => void reply.header('set-cookie', value),
  }
}

/** The first of our languages that a browser names. */
function localeOf(accepted: string | undefined): 'uk' | 'en' | null {
  const first = /\b(uk|en)\b/i.exec(accepted ?? '')?.[1]?.toLowerCase()
  return first === 'uk' || first === 'en' ? first : null
}
