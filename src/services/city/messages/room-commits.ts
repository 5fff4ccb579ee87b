import type { GroupCommit } from '../../../platform/database/database.ts'
import { groupCommit } from '../../../platform/database/group.ts'
import type { CityDb } from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'

/** A shared commit for whatever is said in one room at the same moment. Never for several rooms: a transaction that holds one room and waits for another would stand in the way of one that does the opposite. */
export function createRoomCommits(db: CityDb): (room: string) => GroupCommit<CityTables> {
  const groups = new Map<string, { readonly commit: GroupCommit<CityTables>; waiting: number }>()
  return (room) => async (work) => {
    const group = groups.get(room) ?? { commit: groupCommit(db), waiting: 0 }
    groups.set(room, group)
    group.waiting++
    try {
      return await group.commit(work)
    } finally {
      if (--group.waiting === 0) groups.delete(room)
    }
  }
}
