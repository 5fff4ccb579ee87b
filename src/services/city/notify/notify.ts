import type { Client, Handlers } from '../../../kernel/contract.ts'
import type { Secret } from '../../../kernel/secret.ts'
import type { SafeFetch } from '../../../platform/fetch/fetch.ts'
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
  readonly auth: Pick<Client<typeof authContract>, 'principals'>
  /** Absent where this city wakes nobody. */
  readonly push?: PushMeans | undefined
}

export interface Notify {
  readonly handlers: Pick<Handlers<typeof cityContract>, keyof typeof notificationOperations>
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
  // Who is signed out everywhere is woken nowhere.
  events.listen(credentialRevoked, ({ principal, type }) => {
    if (type !== 'all') return
    db.deleteFrom('city.push_subscription').where('principal', '=', principal).execute().catch(needs.failed)
  })
  return {
    handlers: {
      ...createBell(needs),
      ...createNotificationSettings(needs),
      ...createPushSubscriptions({ ...needs, keys }),
    },
    async run(signal) {
      await keys?.().catch(needs.failed)
      await createNoting({ ...needs, pushes: push !== undefined }).run(signal)
    },
  }
}
