import type { Principal } from '../../../kernel/principal.ts'
import { may } from '../../auth/auth.rights.ts'
import { asResource, type CityDb } from '../city.store.ts'
import { isListed, withMembership } from './rooms.store.ts'

/** Those of the files that are pictures of rooms the principal may read, or find in the directory. */
export async function picturesOf(
  db: CityDb,
  files: readonly string[],
  principal: Principal,
): Promise<Set<string>> {
  const rooms = await withMembership(db, principal).where('room.picture', 'in', files).execute()
  const seen = rooms.filter(
    (room) =>
      may(principal, 'room.read', asResource(room)).permit ||
      (principal.kind === 'person' && isListed(room) && !room.banned),
  )
  return new Set(seen.map(({ picture }) => picture ?? ''))
}
