import type { Call, Client } from '../../../kernel/contract.ts'
import type { authContract } from '../../auth/auth.contract.ts'
import type { CityDb } from '../city.store.ts'
import type { Author } from '../messages.contract.ts'

/** Finds who these are, once for a whole list; whoever is known no more keeps the id alone. */
export type Names = (
  ids: readonly (string | null)[],
  call: Pick<Call, 'principal' | 'requestId'>,
) => Promise<(id: string) => Author>

const TOGETHER = 500

export const createNames =
  (auth: Pick<Client<typeof authContract>, 'principals'>): Names =>
  async (ids, call) => {
    const asked = [...new Set(ids.flatMap((id) => id ?? []))].slice(0, TOGETHER)
    const { items } = asked.length > 0 ? await auth.principals({ ids: asked }, call) : { items: [] }
    const known = new Map(items.map(({ id, kind, name }) => [id, { id, kind, name }]))
    return (id) => known.get(id) ?? { id, kind: 'person', name: '' }
  }

/** Rooms as they are named, by id. */
export async function placesOf(
  db: CityDb,
  rooms: readonly (string | null)[],
): Promise<Map<string, { id: string; slug: string; name: string }>> {
  const asked = [...new Set(rooms.flatMap((id) => id ?? []))]
  if (asked.length === 0) return new Map()
  const rows = await db
    .selectFrom('city.room')
    .select(['id', 'slug', 'name'])
    .where('id', 'in', asked)
    .execute()
  return new Map(rows.map((row) => [row.id, row]))
}
