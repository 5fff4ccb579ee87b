import type { Room } from '../../../../src/services/city/rooms.contract.ts'

export type GroupName = 'favourites' | 'public' | 'private' | 'direct'
export interface Group {
  readonly name: GroupName
  readonly rooms: readonly Room[]
}

const GROUPS: readonly GroupName[] = ['favourites', 'public', 'private', 'direct']

/** Rooms as the sidebar has them: favourites, city rooms, closed rooms, talks; in each the reader’s own order, and after it what they have not placed, oldest first. */
export function groupsOf(rooms: readonly Room[]): Group[] {
  return GROUPS.map((name) => ({
    name,
    rooms: rooms.filter((room) => groupOf(room) === name).sort(byPlace),
  })).filter((group) => group.rooms.length > 0)
}

/** The order of all rooms after one of them took another’s place in its group. */
export function movedTo(rooms: readonly Room[], moved: string, place: number): string[] {
  return groupsOf(rooms).flatMap((group) => {
    const ids = group.rooms.map(({ id }) => id)
    const from = ids.indexOf(moved)
    if (from < 0) return ids
    ids.splice(from, 1)
    ids.splice(Math.max(0, Math.min(ids.length, place)), 0, moved)
    return ids
  })
}

function groupOf(room: Room): GroupName {
  if (room.favourite) return 'favourites'
  if (room.visibility === 'public') return 'public'
  return room.visibility === 'direct' ? 'direct' : 'private'
}

const LAST = Number.MAX_SAFE_INTEGER
const byPlace = (a: Room, b: Room): number =>
  (a.position ?? LAST) - (b.position ?? LAST) || a.createdAt.localeCompare(b.createdAt)
