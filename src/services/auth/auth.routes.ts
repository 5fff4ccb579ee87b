import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Call, invoke } from '../../kernel/contract.ts'
import { kernelError } from '../../kernel/errors.ts'
import { inputReader, whenGone } from '../../platform/http/serve.ts'
import type { Authenticate, Identity } from '../../platform/http/service.ts'
import { authContract } from './auth.contract.ts'
import type { Door, Visitor } from './auth.door.ts'
import { authError } from './auth.errors.ts'
import type { Inside } from './auth.inside.ts'
import type { Sessions } from './auth.sessions.ts'

/** Served here for the cookies they set, or for the page they come from. */
const DOOR = [
  'welcome',
  'signUp',
  'confirmSignUp',
  'signIn',
  'signInTotp',
  'passkeyQuestion',
  'signInPasskey',
  'forgotten',
  'resetPassword',
  'verifyEmail',
  'signOut',
  'me',
  'sessions',
] as const
/** Served here because only a session may, and which one it is matters. */
const INSIDE = [
  'changePassword',
  'endSessions',
  'endSession',
  'beginTotp',
  'confirmTotp',
  'newRecoveryCodes',
  'removeTotp',
  'newPasskeyQuestion',
  'addPasskey',
  'removePasskey',
  'makeLinkCode',
  'unlink',
] as const

/** The operations served here rather than by the kernel. */
export const CUSTOM = [...DOOR, ...INSIDE] as const
type Custom = (typeof CUSTOM)[number]

const NOBODY: Identity = { principal: null, service: null, credential: null }
const MAX_USER_AGENT = 300

export interface AuthRoutes {
  readonly door: Door
  readonly inside: Inside
  readonly sessions: Sessions
  readonly publicUrl: string
}

export function authRoutes(
  app: FastifyInstance,
  authenticate: Authenticate,
  { door, inside, sessions, publicUrl }: AuthRoutes,
): void {
  type Served = (input: never, identity: Identity, visitor: Visitor, call: Call) => Promise<unknown>
  const serve = (name: Custom, served: Served) => {
    const op = authContract[name]
    const read = inputReader(op)
    app.route({
      method: op.method,
      url: op.path,
      async handler(request, reply) {
        const identity = op.access === 'public' ? NOBODY : await authenticate(request)
        const { principal, service } = identity
        const call: Call = { principal, service, requestId: request.id, signal: whenGone(reply) }
        const visitor = visitorOf(request, reply, publicUrl)
        const handler = (input: never, c: Call) => served(input, identity, visitor, c)
        reply.header('cache-control', 'no-store')
        const answer = await invoke(op, handler, read(request), call)
        return reply.code(isWaiting(answer) ? ACCEPTED : op.status).send(answer)
      },
    })
  }
  const own = ({ principal }: Identity): string => {
    if (!principal) throw kernelError('auth.required')
    return principal.id
  }
  serve('welcome', (input, _, visitor, call) => door.welcome(input, call.requestId, visitor))
  serve('signUp', (input, _, visitor, call) => door.signUp(input, call.requestId, visitor))
  serve('confirmSignUp', (input, _, visitor, call) => door.confirmSignUp(input, call.requestId, visitor))
  serve('signIn', (input, _, visitor) => door.signIn(input, visitor))
  serve('signInTotp', (input, _, visitor, call) => door.signInTotp(input, call.requestId, visitor))
  serve('passkeyQuestion', (_input, _, visitor) => door.passkeyQuestion(visitor))
  serve('signInPasskey', (input, _, visitor) => door.signInPasskey(input, visitor))
  serve('forgotten', ({ email }: { email: string }, _, visitor, call) =>
    door.forgotten(email, call.requestId, visitor),
  )
  serve('resetPassword', (input, _, visitor, call) => door.resetPassword(input, call.requestId, visitor))
  serve('verifyEmail', ({ token }: { token: string }, _, visitor, call) =>
    door.verifyEmail(token, call.requestId, visitor),
  )
  serve('signOut', (_input, _, visitor) => door.signOut(visitor))
  serve('me', (_input, identity, visitor) => door.me(own(identity), identity.credential, visitor))
  serve('sessions', async (_input, identity) => {
    const { credential } = identity
    const current = credential?.type === 'session' ? credential.id : null
    return { items: await sessions.list(own(identity), current) }
  })
  for (const name of INSIDE)
    serve(name, (input, identity, visitor, call) => {
      const { principal, credential } = identity
      if (!principal || credential?.type !== 'session') throw authError('auth.session_needed')
      const self = { principal: principal.id, session: credential.id, origin: visitor.origin }
      return inside[name](self, input, call.requestId)
    })
}

const ACCEPTED = 202
const isWaiting = (answer: unknown): boolean =>
  typeof answer === 'object' && answer !== null && 'waitsFor' in answer

function visitorOf(request: FastifyRequest, reply: FastifyReply, publicUrl: string): Visitor {
  const { headers } = request
  return {
    // Undefined, whatever Fastify's type says, for a request over the operator's socket.
    address: String(request.ip),
    userAgent: (headers['user-agent'] ?? '').slice(0, MAX_USER_AGENT),
    locale: localeOf(headers['accept-language']),
    cookie: headers.cookie,
    // Another site's is refused before this; a program that names none is taken at the city's own address.
    origin: headers.origin ?? publicUrl,
    setCookie: (value) => void reply.header('set-cookie', value),
  }
}

/** The first of our languages that a browser names. */
function localeOf(accepted: string | undefined): 'uk' | 'en' | null {
  const first = /\b(uk|en)\b/i.exec(accepted ?? '')?.[1]?.toLowerCase()
  return first === 'uk' || first === 'en' ? first : null
}
