import type { FastifyReply, FastifyRequest } from 'fastify'
import { admit, type Call, type Right } from '../../kernel/contract.ts'
import type { Principal } from '../../kernel/principal.ts'
import { whenGone } from '../../platform/http/serve.ts'
import type { Authenticate, Identity } from '../../platform/http/service.ts'
import type { Payer } from './multimodal-gateway.tables.ts'

/** Whoever asks the gateway for work, and who pays for it. */
export interface Caller {
  readonly principal: Principal
  readonly payer: Payer
  /** Aborts when they are gone. */
  readonly signal: AbortSignal
}

/** Lets in who may, before anything of the body is read. */
export async function callerOf(
  request: FastifyRequest,
  reply: FastifyReply,
  right: Right,
  authenticate: Authenticate,
): Promise<Caller> {
  const identity = await authenticate(request)
  admit({ access: 'principal', right }, identity)
  // `admit` lets nobody in who is nobody.
  const principal = identity.principal as Principal
  return { principal, payer: payerOf(identity, request), signal: whenGone(reply) }
}

/** Who pays for a call of another service: whoever it is for. */
export const payerOfCall = ({ principal }: Pick<Call, 'principal'>): Payer => ({
  principal: principal?.id ?? null,
  key: null,
  agent: principal?.kind === 'agent' ? principal.id : null,
  community: null,
})

/** For which community is believed of services of the city alone. */
function payerOf({ credential, principal, service }: Identity, { headers }: FastifyRequest): Payer {
  const community = headers['x-community']
  const named = service !== null && typeof community === 'string' && /^[\w.-]{1,100}$/.test(community)
  return {
    ...payerOfCall({ principal }),
    key: credential?.type === 'key' ? credential.id : null,
    community: named ? community : null,
  }
}
