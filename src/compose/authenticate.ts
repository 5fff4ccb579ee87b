import type { Client } from '../kernel/contract.ts'
import type { Principal } from '../kernel/principal.ts'
import { batched } from '../platform/batched.ts'
import type { Outage } from '../platform/events/outage.ts'
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
  /** Whether what was taken from somebody may not have been heard of here. */
  readonly outage: Pick<Outage, 'isOn'>
}

/** Of one question to auth. */
const TOGETHER = 500

/** Names the sender of a request: another service by its token, a program by its key, a browser by its session's cookie, the operator by the socket file. */
export function createAuthenticate({ auth, tokens, bySocket, outage }: AuthenticateNeeds): Authenticate {
  const standing = batched(async (ids: readonly string[]) => {
    const found = await auth.standing({ ids: [...ids] })
    return new Map(found.ids.map((id) => [id, true]))
  }, TOGETHER)
  const principals = batched(async (ids: readonly string[]) => {
    const { items } = await auth.principals({ ids: [...ids] })
    return new Map(items.map((one) => [one.id, one]))
  }, TOGETHER)

  /** As the database has it at this moment, whatever is remembered; many are asked for together. */
  const asItStands = async ({ principal, credential }: Found): Promise<Found | undefined> => {
    const [stands, now] = await Promise.all([standing(credential.id), principals(principal.id)])
    return stands && now ? { credential, principal: { ...principal, role: now.role } } : undefined
  }

  return async (request) => {
    if (bySocket(request)) return { principal: OPERATOR, service: 'cli', credential: null }
    const { authorization, cookie } = request.headers
    const [scheme, token = ''] = authorization?.split(' ') ?? []
    if (scheme === 'Service') return { ...(await tokens.read(token)), credential: null }
    if (authorization === undefined && !carriesSession(cookie)) return NOBODY
    if (authorization !== undefined && scheme !== 'Bearer') throw httpError('auth.bad_credential')
    const credentials = authorization === undefined ? { cookie } : { bearer: token }
    const known = await auth.identify(credentials, { requestId: request.id })
    const found = known && outage.isOn ? await asItStands(known) : known
    if (!found) throw httpError('auth.bad_credential')
    return { principal: found.principal, service: null, credential: found.credential }
  }
}

type Found = NonNullable<Awaited<ReturnType<Client<typeof authContract>['identify']>>>
