import type { FastifyRequest } from 'fastify'
import type { Clock } from '../../kernel/clock.ts'
import type { Call } from '../../kernel/contract.ts'
import type { Asked } from '../../platform/http/direct.ts'
import type { Authenticate, Identity } from '../../platform/http/service.ts'
import type { Payer } from './ledger.ts'

const REMEMBER_MS = 900
const REMEMBER_MOST = 5_000

/** Names who knocks. A key that was found good is believed for less than a second without being asked about again; `forget`, which a revocation calls, ends that at once. */
export function createCallers(clock: Clock) {
  const known = new Map<string, { readonly identity: Identity; readonly until: number }>()
  let epoch = 0

  return {
    identify(authenticate: Authenticate, request: Asked): Identity | Promise<Identity> {
      const { authorization } = request.headers
      if (authorization === undefined || !authorization.startsWith('Bearer ')) return authenticate(request)
      const found = known.get(authorization)
      if (found && found.until > clock.now()) return found.identity
      known.delete(authorization)
      const begun = epoch
      return authenticate(request).then((identity) => {
        if (begun !== epoch || identity.credential?.type !== 'key') return identity
        const [oldest] = known.keys()
        if (known.size >= REMEMBER_MOST && oldest !== undefined) known.delete(oldest)
        known.set(authorization, { identity, until: clock.now() + REMEMBER_MS })
        return identity
      })
    },
    forget(): void {
      epoch++
      known.clear()
    },
  }
}

type Headers = FastifyRequest['headers']

/** Who pays by an identity that is remembered. */
const payers = new WeakMap<Identity, Payer>()

/** Who pays; the same object for the same identity, by which the ledger knows them again. For whom a service asks is believed of services of the city alone. */
export function payerOf(identity: Identity, headers: Headers): Payer {
  const known = payers.get(identity)
  if (known) return known
  const payer = payerBy(identity, headers)
  if (identity.service === null) payers.set(identity, payer)
  return payer
}

function payerBy({ principal, service, credential }: Identity, headers: Headers): Payer {
  const said = (name: string) => (service === null ? null : named(headers[name]))
  return {
    principal: principal?.id ?? null,
    key: credential?.type === 'key' ? credential.id : null,
    agent: said('x-daarion-agent') ?? (principal?.kind === 'agent' ? principal.id : null),
    community: said('x-daarion-community'),
    room: said('x-daarion-room'),
    run: said('x-daarion-run'),
  }
}

/** The same for a caller in this process. */
export const payerOfCaller = (caller: Pick<Call, 'principal' | 'service'>, headers: Headers): Payer =>
  payerOf({ ...caller, credential: null }, headers)

const named = (value: string | string[] | undefined): string | null =>
  typeof value === 'string' && /^[\w.:-]{1,100}$/.test(value) ? value : null
