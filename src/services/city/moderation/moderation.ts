import { isoTime } from '../../../kernel/clock.ts'
import type { Handlers } from '../../../kernel/contract.ts'
import { residentJoined } from '../../auth/auth.events.ts'
import type { cityContract } from '../city.contract.ts'
import type { CityTables } from '../city.tables.ts'
import type { moderationOperations } from '../moderation.contract.ts'
import { createNames } from './names.ts'
import { createReports } from './reports.ts'
import { createSanctions, type SanctionNeeds } from './sanctions.ts'
import { createModerationSettings } from './settings.ts'
import { createSettling, type SettlingNeeds } from './settling.ts'
import { createTrail, createTrailReading } from './trail.ts'

export type ModerationNeeds = Omit<SanctionNeeds, 'names' | 'trail' | 'queueChanged'> &
  Pick<SettlingNeeds, 'directory' | 'changed' | 'watch' | 'say'>

/** Reports, restrictions, filters and their trail. */
export function createModeration(
  given: ModerationNeeds,
): Pick<Handlers<typeof cityContract>, keyof typeof moderationOperations> {
  const { db, auth, clock, ids, watch } = given
  const names = createNames(auth)
  const trail = createTrail(clock, ids)
  const needs = { ...given, names, trail, queueChanged: watch.queueChanged }
  const sanctions = createSanctions(needs)
  consumeArrivals(given)
  return {
    ...createReports(needs),
    ...createSettling({ ...needs, sanctions }),
    ...sanctions.handlers,
    ...createModerationSettings({ ...needs, sanctions }),
    ...createTrailReading(db, names),
  }
}

/** Keeps when each resident came. */
function consumeArrivals({ db, events, clock }: Pick<ModerationNeeds, 'db' | 'events' | 'clock'>): void {
  events.consume<CityTables, typeof residentJoined>({
    name: 'city.arrival',
    db,
    types: [residentJoined],
    handle: ({ data }, job) =>
      job.commit(async (tx) => {
        await tx
          .insertInto('city.arrival')
          .values({ principal: data.principal.id, at: isoTime(clock.now()) })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
      }),
  })
}
