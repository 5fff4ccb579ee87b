import type { Client } from '../kernel/contract.ts'
import type { Principal } from '../kernel/principal.ts'
import { httpError } from '../platform/http/http.errors.ts'
import type { Authenticate, Identity, Sender } from '../platform/http/service.ts'
import type { ServiceTokens } from '../platform/http/token.ts'
import type { authContract } from '../services/auth/auth.contract.ts'
import { carriesSession } from '../services/auth/auth.cookie.ts'

const NOBODY: Identity = { principal: null, service: null, credential: null }

/** Whoever may open the operator's socket file runs the machine, and so the city. */
const OPERATOR: Principal = { id: 'service_operator', kind: 'service', name: 'operator', role: 'owner' }

export interface AuthenticateNeeds {
  readonly auth: Client<typeof authContract>
  readonly tokens: ServiceTokens
  readonly bySocket: (request: Sender) => boolean
}

/** Names the sender of a request: another service by its token, a program by its key, a browser by its session's cookie, the operator by the socket file. */
export function createAuthenticate({ auth, tokens, bySocket }: AuthenticateNeeds): Authenticate {
  return async (request) => {
    if (bySocket(request)) return { principal: OPERATOR, service: 'cli', credential: null }
    const { authorization, cookie } = request.headers
    const [scheme, token = ''] = authorization?.split(' ') ?? []
    if (scheme === 'Service') return { ...(await tokens.read(token)), credential: null }
    if (authorization === undefined && !carriesSession(cookie)) return NOBODY
    if (authorization !== undefined && scheme !== 'Bearer') throw httpError('auth.bad_credential')
    const credentials = authorization === undefined ? { cookie } : { bearer: token }
    const found = await auth.identify(credentials, { requestId: request.id })
    if (!found) throw httpError('auth.bad_credential')
    return { principal: found.principal, service: null, credential: found.credential }
  }
}
