import type { Principal } from '../../../kernel/principal.ts'
import { batched } from '../../../platform/batched.ts'
import { may } from '../../auth/auth.rights.ts'
import { asResource, type CityDb, isId } from '../city.store.ts'

/** Whom a socket asks for its rooms. */
export interface Gate {
  /** The id of a room, by id or slug, where the principal may read it now. Who asks at the same moment is answered together. */
  enter(principal: Principal, ref: string): Promise<string | undefined>
}

interface Asked {
  readonly principal: string
  readonly ref: string
}

type Found = Awaited<ReturnType<typeof look>> extends ReadonlyMap<string, infer Room> ? Room : never

const TOGETHER = 500

export function createGate(db: CityDb): Gate {
  const find = batched<string, Found>(async (keys) => look(db, keys.map(parse)), TOGETHER)
  return {
    async enter(principal, ref) {
      if (!isId(ref)) return undefined
      const room = await find(keyOf({ principal: principal.id, ref }))
      return room && may(principal, 'room.read', asResource(room)).permit ? room.id : undefined
    },
  }
}

const keyOf = ({ principal, ref }: Asked): string => `${principal}\n${ref}`
function parse(key: string): Asked {
  const at = key.indexOf('\n')
  return { principal: key.slice(0, at), ref: key.slice(at + 1) }
}

async function look(db: CityDb, asked: readonly Asked[]) {
  const refs = [...new Set(asked.map(({ ref }) => ref))]
  const byId = refs.filter((ref) => ref.startsWith('room_'))
  const bySlug = refs.filter((ref) => !ref.startsWith('room_'))
  const rooms = await db
    .selectFrom('city.room')
    .selectAll()
    .where((where) =>
      where.or([
        ...(byId.length > 0 ? [where('id', 'in', byId)] : []),
        ...(bySlug.length > 0 ? [where('slug', 'in', bySlug)] : []),
      ]),
    )
    .execute()
  const byRef = new Map(rooms.flatMap((room) => [[room.id, room] as const, [room.slug, room] as const]))
  if (rooms.length === 0) return new Map<string, never>()
  const people = [...new Set(asked.map(({ principal }) => principal))]
  const members = await db
    .selectFrom('city.member')
    .select(['room', 'principal', 'membership'])
    .where('principal', 'in', people)
    .where(
      'room',
      'in',
      rooms.map(({ id }) => id),
    )
    .execute()
  const bans = await db
    .selectFrom('city.sanction')
    .select(['room', 'principal'])
    .where('principal', 'in', people)
    .where('kind', '=', 'ban')
    .where('lifted_at', 'is', null)
    .execute()
  const banned = new Set(bans.map((one) => `${one.principal}\n${one.room}`))
  const memberships = new Map(members.map((one) => [`${one.principal}\n${one.room}`, one.membership]))
  return new Map(
    asked.flatMap((one) => {
      const room = byRef.get(one.ref)
      if (!room) return []
      const membership = memberships.get(`${one.principal}\n${room.id}`) ?? null
      return [
        [keyOf(one), { ...room, membership, banned: banned.has(`${one.principal}\n${room.id}`) }] as const,
      ]
    }),
  )
}
