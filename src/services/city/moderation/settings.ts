import { sql } from 'kysely'
import type { Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import { may } from '../../auth/auth.rights.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import { asResource, type CityDb, enterRoom, json } from '../city.store.ts'
import { checkText } from '../messages/text.ts'
import type { FilterRule } from '../moderation.contract.ts'
import { keepRoom } from '../rooms/rooms.store.ts'
import { tellRoom } from '../rooms/told.ts'
import { CITY_LIMITS, createFilter, type FilterLimits, ROOM_LIMITS } from './filter.ts'
import { isNewcomer } from './newcomers.ts'
import type { SanctionNeeds, Sanctions } from './sanctions.ts'
import { slowFor } from './watch.ts'

type SettingHandlers = Pick<
  Handlers<typeof cityContract>,
  'standing' | 'roomModeration' | 'moderateRoom' | 'cityModeration' | 'moderateCity'
>

/** How rooms and the city are moderated, and what of that holds somebody back. */
export function createModerationSettings(
  needs: Pick<SanctionNeeds, 'db' | 'events' | 'clock' | 'trail'> & { readonly sanctions: Sanctions },
): SettingHandlers {
  const { db, events, clock, trail, sanctions } = needs
  return {
    async standing({ room: ref }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      const room = await enterRoom(db, ref, principal)
      const at = clock.now()
      const keeps = may(principal, 'room.invite', asResource(room)).permit
      const slow = keeps ? 0 : room.slow_seconds
      const waitMs = keeps ? 0 : await slowFor(db, room, principal.id, at)
      const mute =
        room.muted_until !== null && new Date(room.muted_until).getTime() > at
          ? await db
              .selectFrom('city.sanction')
              .selectAll()
              .where('room', '=', room.id)
              .where('principal', '=', principal.id)
              .where('kind', '=', 'mute')
              .where('lifted_at', 'is', null)
              .executeTakeFirst()
          : undefined
      const [muted = null] = mute ? await sanctions.mine([mute]) : []
      const { newcomers } = await policy(db)
      const limited =
        (newcomers.days > 0 || newcomers.messages > 0) &&
        !may(principal, 'city.operate', { type: 'city' }).permit &&
        (await isNewcomer(db, principal.id, newcomers, at))
      const { links, files, perMinute } = newcomers
      return {
        slowSeconds: slow,
        waitSeconds: Math.ceil(waitMs / 1000),
        muted,
        newcomer: limited ? { links, files, perMinute } : null,
      }
    },

    async roomModeration({ room: ref }, { principal }) {
      const room = await keepRoom(db, ref, principal, false)
      return { slowSeconds: room.slow_seconds, rules: await rulesOf(db, room.id) }
    },

    async moderateRoom({ room: ref, slowSeconds, rules }, { principal }) {
      const checked = await checkRules(rules, ROOM_LIMITS)
      const room = await db.transaction().execute(async (tx) => {
        const kept = await keepRoom(tx, ref, principal)
        const about = { actor: principal?.id ?? '', room: kept.id }
        if (kept.slow_seconds !== slowSeconds)
          await trail(tx, { ...about, action: 'slow_changed', reason: `${slowSeconds} s` })
        const changed = JSON.stringify(await rulesOf(tx, kept.id)) !== JSON.stringify(checked)
        if (changed) {
          await tx
            .insertInto('city.room_filter')
            .values({ room: kept.id, rules: json(checked) })
            .onConflict((conflict) => conflict.column('room').doUpdateSet({ rules: json(checked) }))
            .execute()
          await trail(tx, { ...about, action: 'filter_changed' })
        }
        await tx
          .updateTable('city.room')
          .set({
            slow_seconds: slowSeconds,
            ...(changed && { filter_version: sql<number>`filter_version + 1` }),
          })
          .where('id', '=', kept.id)
          .execute()
        return kept.id
      })
      tellRoom(events, room, 'about')
      return { slowSeconds, rules: checked }
    },

    cityModeration: () => policy(db),

    async moderateCity({ rules, newcomers }, { principal }) {
      const checked = await checkRules(rules, CITY_LIMITS)
      await db.transaction().execute(async (tx) => {
        await tx
          .updateTable('city.policy')
          .set({
            rules: json(checked),
            newcomers: json(newcomers),
            version: sql<number>`version + 1`,
          })
          .execute()
        await trail(tx, { actor: principal?.id ?? '', action: 'policy_changed' })
      })
      return { rules: checked, newcomers }
    },
  }
}

async function policy(db: CityDb) {
  const { rules, newcomers } = await db
    .selectFrom('city.policy')
    .select(['rules', 'newcomers'])
    .executeTakeFirstOrThrow()
  return { rules, newcomers }
}

async function rulesOf(db: CityDb, room: string): Promise<FilterRule[]> {
  const row = await db
    .selectFrom('city.room_filter')
    .select('rules')
    .where('room', '=', room)
    .executeTakeFirst()
  return (row?.rules ?? []).map(({ kind, value, action }) => ({ kind, value, action }))
}

/** Refuses what could not be run. */
async function checkRules(rules: readonly FilterRule[], limits: FilterLimits): Promise<FilterRule[]> {
  for (const { value } of rules) checkText(value)
  if (rules.length > limits.words + limits.expressions)
    throw cityError('city.too_many_rules', { kind: 'words', limit: limits.words })
  await createFilter(rules, limits)
  return rules.map(({ kind, value, action }) => ({ kind, value, action }))
}
