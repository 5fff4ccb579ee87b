import { type Clock, isoTime } from '../../../kernel/clock.ts'
import type { Client, Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { Events } from '../../../platform/events/events.ts'
import type { authContract } from '../../auth/auth.contract.ts'
import { may } from '../../auth/auth.rights.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import { type CityDb, isId, json } from '../city.store.ts'
import type { KnownAgent } from '../messages/policy.ts'
import { HOST } from './own-rooms.ts'
import type { RoomViews } from './room-views.ts'
import { addMember, insertRoom } from './rooms.store.ts'
import { tellPeople } from './told.ts'

export interface TalkNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly auth: Pick<Client<typeof authContract>, 'principals'>
  readonly agents: (() => Promise<readonly KnownAgent[]>) | undefined
  readonly clock: Clock
  readonly ids: Ids
  readonly views: RoomViews
  readonly welcome: (principal: Principal) => Promise<void>
}

const MAX_NAME = 80

/** Talks of two to eight. The same people have one talk, whoever of them opens it, and both at once. */
export function createTalks(needs: TalkNeeds): Pick<Handlers<typeof cityContract>, 'openTalk'> {
  const { db, events, auth, agents, clock, ids, views, welcome } = needs
  return {
    async openTalk({ people }, { principal, requestId }) {
      if (!principal || !may(principal, 'room.open', { type: 'city' }).permit)
        throw kernelError('auth.forbidden')
      const others = [...new Set(people)].filter((id) => id !== principal.id)
      if (others.length === 0) throw cityError('city.talk_alone')
      if (!others.every(isId)) throw cityError('city.resident_not_found')
      const known = (await auth.principals({ ids: others }, { requestId, principal })).items
      if (known.length < others.length) throw cityError('city.resident_not_found')
      const called = known.some(({ kind }) => kind === 'agent')
        ? ((await agents?.()) ?? []).filter(({ id }) => others.includes(id))
        : []

      const own = others.length === 1 && called[0]?.slug === HOST ? await ownRoom(principal) : undefined
      if (own !== undefined) return await views.one(own, principal)

      const all = [principal, ...known]
      const key = all
        .map(({ id }) => id)
        .sort((a, b) => (a < b ? -1 : 1))
        .join(' ')
      const id = ids.make('room')
      const made = await db.transaction().execute(async (tx) => {
        const fresh = await insertRoom(tx, {
          id,
          slug: `talk-${id.slice(-12)}`,
          name: all
            .map(({ name }) => name)
            .join(', ')
            .slice(0, MAX_NAME),
          visibility: 'direct',
          reply_policy: json({
            mode: called.length === 1 && all.length === 2 ? 'all' : 'mentioned',
            agents: called.map(({ slug }) => slug),
          }),
          direct_key: key,
          created_by: principal.id,
          created_at: isoTime(clock.now()),
        })
        if (!fresh) return false
        for (const { id: who } of all) await addMember(tx, id, who, 'member', clock.now())
        return true
      })
      if (made) tellPeople(events, [principal.id, ...others], { room: id, change: 'mine' })
      const { id: room } = await db
        .selectFrom('city.room')
        .select('id')
        .where('direct_key', '=', key)
        .executeTakeFirstOrThrow()
      return await views.one(room, principal)
    },
  }

  async function ownRoom(principal: Principal): Promise<string | undefined> {
    await welcome(principal)
    const row = await db
      .selectFrom('city.room')
      .select('id')
      .where('direct_of', '=', principal.id)
      .executeTakeFirst()
    return row?.id
  }
}
