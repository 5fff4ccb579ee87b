import type { Clock } from '../../../kernel/clock.ts'
import { isoTime } from '../../../kernel/clock.ts'
import type { EventOf } from '../../../kernel/event.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { Events, Job } from '../../../platform/events/events.ts'
import { residentJoined } from '../../auth/auth.events.ts'
import { type CityDb, json } from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'
import type { Roster } from '../messages/directory.ts'
import type { KnownAgent } from '../messages/policy.ts'
import { addMember, insertRoom } from './rooms.store.ts'

/** The agent every resident has a room with. */
export const HOST = 'daarwizz'

export interface OwnRoomNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly clock: Clock
  readonly ids: Ids
  readonly directory: () => Promise<Roster>
}

export interface OwnRooms {
  /** Makes the resident's own room with the city's agent, where it is missing and the agent is known; once, whoever asks at the same time. */
  welcome(principal: Principal): Promise<void>
  /** Makes the public square, where it is missing. */
  openSquare(): Promise<void>
}

/** The rooms that stand in the city without anybody opening them. */
export function createOwnRooms(needs: OwnRoomNeeds): OwnRooms {
  const { db, events, clock, ids, directory } = needs
  /** People whose room is known to be there. */
  const welcomed = new Set<string>()

  events.consume<CityTables, typeof residentJoined>({
    name: 'city.own_room',
    db,
    types: [residentJoined],
    async handle({ data }: EventOf<typeof residentJoined>, job: Job<CityTables>) {
      const host = hostOf(await directory())
      if (!host || data.principal.kind !== 'person') return
      await job.commit((tx) => ownRoom(tx, needs, data.principal, host))
    },
  })

  return {
    async welcome(principal) {
      if (principal.kind !== 'person' || welcomed.has(principal.id)) return
      const there = await db
        .selectFrom('city.room')
        .select('id')
        .where('direct_of', '=', principal.id)
        .executeTakeFirst()
      const host = there ? undefined : hostOf(await directory())
      if (!there && !host) return
      if (host) await db.transaction().execute((tx) => ownRoom(tx, needs, principal, host))
      if (welcomed.size < MAX_REMEMBERED) welcomed.add(principal.id)
    },

    async openSquare() {
      await insertRoom(db, {
        id: ids.make('room'),
        slug: 'square',
        name: 'Площа',
        visibility: 'public',
        joining: 'open',
        reply_policy: json({ mode: 'mentioned', agents: [HOST] }),
        created_by: null,
        created_at: isoTime(clock.now()),
      })
    },
  }
}

const MAX_REMEMBERED = 100_000

const hostOf = (roster: Roster): KnownAgent | undefined => roster([HOST]).find((agent) => agent.id !== '')

async function ownRoom(
  tx: CityDb,
  { clock, ids }: OwnRoomNeeds,
  person: Principal,
  host: KnownAgent,
): Promise<void> {
  const id = ids.make('room')
  const made = await insertRoom(tx, {
    id,
    // The tail of a fresh id, so that an address tells nothing of its person.
    slug: `${HOST}-${id.slice(-10)}`,
    name: host.name,
    visibility: 'direct',
    reply_policy: json({ mode: 'all', agents: [HOST] }),
    direct_of: person.id,
    created_by: person.id,
    created_at: isoTime(clock.now()),
  })
  if (!made) return
  await addMember(tx, id, person.id, 'owner', clock.now())
  await addMember(tx, id, host.id, 'member', clock.now())
}
