import type { FastifyInstance } from 'fastify'
import type { Client, Handlers } from '../../../kernel/contract.ts'
import type { Secret } from '../../../kernel/secret.ts'
import type { SafeFetch } from '../../../platform/fetch/fetch.ts'
import type { Authenticate } from '../../../platform/http/service.ts'
import type { authContract } from '../../auth/auth.contract.ts'
import { credentialRevoked } from '../../auth/auth.events.ts'
import type { cityContract } from '../city.contract.ts'
import type { notificationOperations } from '../notifications.contract.ts'
import { type BellNeeds, createBell } from './bell.ts'
import { consumeDigests } from './digest.ts'
import { createNoting, type FollowNeeds } from './follow.ts'
import { createPushSubscriptions } from './push.ts'
import { openPushKeys, type PushKeys } from './push-keys.ts'
import { createNotificationSettings } from './settings.ts'
import { wakeBrowsers } from './wake.ts'

/** What it takes to wake browsers. */
export interface PushMeans {
  /** Seals the city's private key. */
  readonly secret: Secret
  readonly send: SafeFetch
  /** Whom a push service may turn to: an https or mailto address. */
  readonly contact: string
}

export interface NotifyNeeds extends BellNeeds, Omit<FollowNeeds, 'pushes'> {
  readonly auth: Pick<Client<typeof authContract>, 'principals' | 'standing'>
  /** Absent where this city wakes nobody. */
  readonly push?: PushMeans | undefined
}

export interface Notify {
  readonly handlers: Pick<Handlers<typeof cityContract>, keyof typeof notificationOperations>
  /** What an operation cannot serve, because it asks by what one came in. */
  routes(app: FastifyInstance, authenticate: Authenticate): void
  /** Makes the city's push keys where there are none, and follows the rooms until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

/** Who is told of what, how they learn of it, and what they want to be told. */
export function createNotify({ push, ...needs }: NotifyNeeds): Notify {
  const { db, events } = needs
  let made: Promise<PushKeys> | undefined
  const keys =
    push &&
    (() => {
      made ??= openPushKeys(db, push.secret).catch((failure) => {
        made = undefined
        throw failure
      })
      return made
    })
  if (push && keys) wakeBrowsers({ ...needs, ...push, keys })
  consumeDigests(needs)
  const subscriptions = createPushSubscriptions({ ...needs, keys })
  // A browser sleeps when what it came in by has ended. Should nobody hear of it, it is seen before it would be woken.
  events.listen(credentialRevoked, ({ principal, type, id }) => {
    if (type === 'role') return
    db.deleteFrom('city.push_subscription')
      .where('principal', '=', principal)
      .$if(id !== undefined, (query) => query.where('credential', '=', id ?? ''))
      .execute()
      .catch(needs.failed)
  })
  return {
    handlers: {
      ...createBell(needs),
      ...createNotificationSettings(needs),
      ...subscriptions.handlers,
    },
    routes: subscriptions.routes,
    async run(signal) {
      await keys?.().catch(needs.failed)
      await createNoting({ ...needs, pushes: push !== undefined }).run(signal)
    },
  }
}
