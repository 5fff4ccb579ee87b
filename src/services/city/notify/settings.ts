import type { Selectable } from 'kysely'
import type { Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { cityContract } from '../city.contract.ts'
import { type CityDb, iso, json } from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'
import type { NotificationSettings } from '../notifications.contract.ts'
import type { BellNeeds } from './bell.ts'
import { armDigest } from './digest.ts'

type Row = Selectable<CityTables['city.notification_setting']>
type SettingsHandlers = Pick<
  Handlers<typeof cityContract>,
  'notificationSettings' | 'changeNotificationSettings'
>

const DEFAULTS: NotificationSettings = {
  level: 'mentions',
  quiet: null,
  doNotDisturbUntil: null,
  push: true,
  words: false,
  digest: 'off',
  zone: 'UTC',
}

/** What one wants to be told, and when. */
export function createNotificationSettings(needs: BellNeeds): SettingsHandlers {
  const { db } = needs
  return {
    async notificationSettings(_, { principal }) {
      if (!principal) throw kernelError('auth.required')
      return await settingsOf(db, principal.id)
    },

    async changeNotificationSettings({ quiet, doNotDisturbUntil, ...plain }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      const wish = {
        ...plain,
        ...(quiet !== undefined && { quiet: quiet && json(quiet) }),
        ...(doNotDisturbUntil !== undefined && { do_not_disturb_until: doNotDisturbUntil }),
      }
      if (Object.keys(wish).length === 0) return await settingsOf(db, principal.id)
      const row = await db.transaction().execute(async (tx) => {
        const kept = await tx
          .insertInto('city.notification_setting')
          .values({ principal: principal.id, ...wish })
          .onConflict((conflict) => conflict.column('principal').doUpdateSet(wish))
          .returningAll()
          .executeTakeFirstOrThrow()
        if (plain.digest === undefined && plain.zone === undefined) return kept
        // An alarm of the time before counts no more.
        const armed = await tx
          .updateTable('city.notification_setting')
          .set((set) => ({ digest_revision: set('digest_revision', '+', 1) }))
          .where('principal', '=', principal.id)
          .returningAll()
          .executeTakeFirstOrThrow()
        const { digest, zone, digest_revision: revision } = armed
        if (digest !== 'off') await armDigest(tx, needs, { principal: principal.id, revision, zone })
        return armed
      })
      return settingsIn(row)
    },
  }
}

/** What somebody wants to be told; who said nothing has the defaults. */
export async function settingsOf(db: CityDb, principal: string): Promise<NotificationSettings> {
  const row = await db
    .selectFrom('city.notification_setting')
    .selectAll()
    .where('principal', '=', principal)
    .executeTakeFirst()
  return row ? settingsIn(row) : DEFAULTS
}

const settingsIn = (row: Row): NotificationSettings => ({
  level: row.level,
  quiet: row.quiet,
  doNotDisturbUntil: row.do_not_disturb_until === null ? null : iso(row.do_not_disturb_until),
  push: row.push,
  words: row.words,
  digest: row.digest,
  zone: row.zone,
})
