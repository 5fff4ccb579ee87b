import type { Selectable } from 'kysely'
import type { Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { cityContract } from '../city.contract.ts'
import { type CityDb, iso, json } from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'
import type { NotificationSettings } from '../notifications.contract.ts'

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
export function createNotificationSettings(db: CityDb): SettingsHandlers {
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
      const row = await db
        .insertInto('city.notification_setting')
        .values({ principal: principal.id, ...wish })
        .onConflict((conflict) => conflict.column('principal').doUpdateSet(wish))
        .returningAll()
        .executeTakeFirstOrThrow()
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
