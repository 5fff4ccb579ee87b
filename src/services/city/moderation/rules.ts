import type { CityDb, EnteredRoom } from '../city.store.ts'
import type { NewcomerLimits } from '../moderation.contract.ts'
import { CITY_LIMITS, createFilter, type Filter, ROOM_LIMITS } from './filter.ts'

interface Policy {
  readonly version: number
  readonly filter: Filter
  readonly newcomers: NewcomerLimits
}

/** The rules in force, made ready once for each wording of them. The room as it was entered says which wording holds. */
export interface Rules {
  city(tx: CityDb, room: Pick<EnteredRoom, 'policy_version'>): Promise<Policy>
  room(tx: CityDb, room: Pick<EnteredRoom, 'id' | 'filter_version'>): Promise<Filter>
}

const ROOMS_KEPT = 500
const NOTHING: Filter = { look: () => null }

export function createRules(): Rules {
  let policy: Policy | undefined
  const rooms = new Map<string, { readonly version: number; readonly filter: Filter }>()
  return {
    async city(tx, { policy_version: version }) {
      if (policy?.version === version) return policy
      const row = await tx.selectFrom('city.policy').selectAll().executeTakeFirstOrThrow()
      policy = {
        version: row.version,
        filter: await createFilter(row.rules, CITY_LIMITS),
        newcomers: row.newcomers,
      }
      return policy
    },
    async room(tx, { id, filter_version: version }) {
      if (version === 0) return NOTHING
      const kept = rooms.get(id)
      if (kept?.version === version) return kept.filter
      const row = await tx
        .selectFrom('city.room_filter')
        .select('rules')
        .where('room', '=', id)
        .executeTakeFirst()
      const filter = await createFilter(row?.rules ?? [], ROOM_LIMITS)
      rooms.delete(id)
      rooms.set(id, { version, filter })
      for (const oldest of rooms.keys()) {
        if (rooms.size <= ROOMS_KEPT) break
        rooms.delete(oldest)
      }
      return filter
    },
  }
}
