import type { Clock } from '../../../kernel/clock.ts'
import type { Client, Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { authContract } from '../../auth/auth.contract.ts'
import { may } from '../../auth/auth.rights.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import { asResource, type CityDb, isId } from '../city.store.ts'
import type { AgentPresence } from '../live/agent-presence.ts'
import type { Presence } from '../live/presence.ts'
import type { KnownAgent } from '../messages/policy.ts'
import type { Neighbour } from '../people.contract.ts'
import { withMembership } from '../rooms/rooms.store.ts'
import { isFound, soughtIn } from '../rooms/searchable.ts'

export interface PeopleNeeds {
  readonly db: CityDb
  readonly auth: Pick<Client<typeof authContract>, 'principals' | 'residents'>
  readonly agents:
    | (() => Promise<readonly (KnownAgent & { about?: { en: string; uk: string } })[]>)
    | undefined
  readonly presence: Pick<Presence, 'of'>
  readonly agentsNow: Pick<AgentPresence, 'states'>
  readonly clock: Clock
}

/** How long the list of residents counts as fresh. */
const FRESH_MS = 5_000
const PAGE = 200
/** No more residents than this are listed. */
const MAX_PEOPLE = 10_000
const SHARED = 100

type Person = Omit<Neighbour, 'state'>

/** Residents and agents, as everybody may see them: a name, what they are at, the rooms one shares with them. */
export function createPeople(needs: PeopleNeeds): Pick<Handlers<typeof cityContract>, 'people' | 'person'> {
  const { db, auth, agents, presence, agentsNow, clock } = needs
  let book: { readonly people: Promise<Person[]>; readonly until: number } | undefined

  /** Everybody by name; asked for once, however many look at the same moment. */
  const everybody = (principal: Principal): Promise<Person[]> => {
    if (book && clock.now() < book.until) return book.people
    const people = readAll(principal)
    const fresh = { people, until: clock.now() + FRESH_MS }
    book = fresh
    people.catch(() => {
      if (book === fresh) book = undefined
    })
    return people
  }

  const readAll = async (principal: Principal): Promise<Person[]> => {
    const people: Person[] = []
    let after: string | undefined
    while (people.length < MAX_PEOPLE) {
      const page = await auth.residents({ limit: PAGE, ...(after !== undefined && { after }) }, { principal })
      for (const { id, kind, name, role } of page.items) people.push({ id, kind, name, role, about: null })
      after = page.next
      if (after === undefined) break
    }
    for (const { id, name, about, state } of (await agents?.().catch(() => [])) ?? [])
      if (state !== 'archived' && state !== 'draft')
        people.push({ id, kind: 'agent', name, role: 'resident', about: about ?? null })
    return people.sort((a, b) => a.name.localeCompare(b.name, 'uk') || (a.id < b.id ? -1 : 1))
  }

  const now = (person: Person): Neighbour => ({
    ...person,
    state: agentsNow.states.get(person.id) ?? presence.of(person.id)?.state ?? 'gone',
  })

  return {
    async people({ q, kind, limit, after }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      const all = await everybody(principal)
      const sought = soughtIn(q)
      const from = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1
      const found = all
        .slice(from)
        .filter((one) => (kind === undefined || one.kind === kind) && isFound(one.name, sought))
      const items = found.slice(0, limit).map(now)
      return { items, next: found.length > limit ? items.at(-1)?.id : undefined }
    },

    async person({ person: id }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      const person = (await everybody(principal)).find((one) => one.id === id)
      if (!person) throw cityError('city.resident_not_found')
      return { ...now(person), rooms: await shared(db, principal, id) }
    },
  }
}

/** Rooms both belong to, as far as the one who asks may read them. */
async function shared(db: CityDb, principal: Principal, other: string) {
  if (!isId(other)) return []
  const rows = await withMembership(db, principal)
    .where('member.membership', 'is not', null)
    .where('room.visibility', '<>', 'direct')
    .where('room.archived_at', 'is', null)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('city.member as theirs')
          .select('theirs.room')
          .whereRef('theirs.room', '=', 'room.id')
          .where('theirs.principal', '=', other),
      ),
    )
    .orderBy('room.search')
    .limit(SHARED)
    .execute()
  return rows
    .filter((room) => may(principal, 'room.read', asResource(room)).permit)
    .map(({ id, slug, name }) => ({ id, slug, name }))
}
