import type { Kysely } from 'kysely'
import type { Client, Handlers } from '../../kernel/contract.ts'
import type { AnyTables } from '../../platform/database/database.ts'
import type { Events } from '../../platform/events/events.ts'
import { serveLarge } from '../../platform/http/serve.ts'
import type { Service } from '../../platform/http/service.ts'
import type { Metrics } from '../../platform/metrics.ts'
import type { authContract } from '../auth/auth.contract.ts'
import { agentCalled } from '../city/city.events.ts'
import type { routerV2Contract } from '../router-v2/router-v2.contract.ts'
import { routerContract } from './router.contract.ts'
import { routerError } from './router.errors.ts'
import { callFailed } from './router.events.ts'

export interface RouterNeeds {
  readonly db: Kysely<AnyTables>
  readonly events: Events
  readonly auth: Pick<Client<typeof authContract>, 'principals'>
  readonly routerV2: Client<typeof routerV2Contract>
  readonly metrics?: Pick<Metrics, 'counter'>
}

const MAX_BODY_BYTES = 64 * 1024 * 1024
const CONCURRENCY = 4
/** What the way back takes, on top of the answer itself. */
const GRACE_MS = 5_000

/** The front: every call of a room and every request of a program goes through it to a router that can serve it. */
export function createRouter({
  db,
  events,
  auth,
  routerV2,
  metrics,
}: RouterNeeds): Service<typeof routerContract> {
  // Counted from the first day, so that a rollout has something to compare with.
  metrics?.counter('router_v2_fallback_total', 'Requests that v2 failed and another router answered', [])

  events.consume({
    name: 'router.call',
    db,
    types: [agentCalled],
    concurrency: CONCURRENCY,
    async handle({ data, requestId }, { signal }) {
      const about = { signal, ...(requestId !== undefined && { requestId }) }
      const { items } = await auth.principals({ ids: [data.asker] }, about)
      const principal = items.find(({ id }) => id === data.asker)
      if (!principal) throw routerError('router.asker_unknown')
      await routerV2.deliver({ ...data, principal }, { ...about, principal })
    },
    async failed({ data, requestId }, failure, tx) {
      const { run, room, message, asker } = data
      await events.append(tx, {
        type: callFailed,
        principal: asker,
        room: room.id,
        ...(requestId !== undefined && { requestId }),
        data: { run, room: room.id, message, error: failure.toJSON().error },
      })
    },
  })

  const handlers: Handlers<typeof routerContract> = {
    async route(input, { principal, requestId, signal }) {
      const timeoutMs = input.timeoutMs + GRACE_MS
      const result = await routerV2.route(input, { principal, requestId, signal, timeoutMs })
      return { ...result, router: 'v2' }
    },
  }

  return {
    contract: routerContract,
    handlers,
    custom: ['route'],

    routes: (app, authenticate) =>
      serveLarge(app, routerContract.route, handlers.route, authenticate, MAX_BODY_BYTES),
  }
}
