import { sql } from 'kysely'
import { type Clock, isoTime } from '../../../kernel/clock.ts'
import type { Client } from '../../../kernel/contract.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { authContract } from '../../auth/auth.contract.ts'
import { cityError } from '../city.errors.ts'
import type { CityDb, RoomRow } from '../city.store.ts'

/** A resident who can be called by name. */
export interface Resident {
  readonly id: string
  readonly name: string
}

/** Whom a text calls: residents by name, everybody in the room, everybody who is there now. */
export interface Naming {
  readonly people: readonly Resident[]
  readonly everybody: 'room' | 'here' | null
}

const FRESH_MS = 5000
const PATIENCE_MS = 2000
const MAX_PAGES = 25
const CALLS = /(?<=^|[\s([{«"'])@([\p{L}\p{N}_’ʼ'-]+)/gu
/** People one text may call. */
const MAX_CALLED = 50
/** How often one person may call everybody in one room. */
const ALERTS = { count: 5, ms: 3_600_000 }

/** Reads whom a text calls; ask it before a transaction, never inside one. A text without @ asks nobody. Where the residents cannot be asked, what was known goes on to count. */
export function createNaming(
  ask: (principal: Principal) => Promise<readonly Resident[]>,
  clock: Clock,
): (text: string, principal: Principal) => Promise<Naming> {
  let known: readonly Resident[] = []
  let staleAt = 0
  return async (text, principal) => {
    const called = new Set([...text.matchAll(CALLS)].map(([, name = '']) => fold(name)))
    if (called.size === 0) return { people: [], everybody: null }
    if (clock.now() >= staleAt)
      try {
        known = await ask(principal)
        staleAt = clock.now() + FRESH_MS
      } catch {
        // The message is said all the same; the service that knows the names says itself how it is.
      }
    const people = known.filter(({ id, name }) => id !== principal.id && answersTo(name, called))
    const everybody = called.has('room') || called.has('усі') ? 'room' : called.has('here') ? 'here' : null
    return { people: people.slice(0, MAX_CALLED), everybody }
  }
}

/** The residents of the city, as far as 5,000. */
export async function residentsOf(
  auth: Pick<Client<typeof authContract>, 'residents'>,
  principal: Principal,
): Promise<readonly Resident[]> {
  const all: Resident[] = []
  let after: string | undefined
  for (let page = 0; page < MAX_PAGES; page++) {
    const { items, next } = await auth.residents(
      { limit: 200, ...(after && { after }) },
      { principal, timeoutMs: PATIENCE_MS },
    )
    all.push(...items)
    if (next === undefined) break
    after = next
  }
  return all
}

const fold = (name: string): string => name.normalize('NFKC').toLowerCase().replace(/[’ʼ']/g, '’')

/** By the first name, as the composer completes it, or by the whole one written together. */
function answersTo(name: string, called: ReadonlySet<string>): boolean {
  const words = fold(name).split(/\s+/)
  return called.has(words[0] ?? '') || called.has(words.join('')) || called.has(words.join('_'))
}

export interface NamingAt {
  readonly room: RoomRow
  readonly principal: Principal
  readonly at: number
  /** Who is in a room now, where that is known. */
  readonly present: (room: string) => readonly string[]
}

/** Somebody a message calls. */
export interface MentionOf {
  readonly principal: string
  readonly kind: 'name' | 'room' | 'here'
}

/** Who is called. In a room that is not open to all only its members are; whoever calls everybody too often is refused. */
export async function mentionsOf(
  tx: CityDb,
  { people, everybody }: Naming,
  { room, principal, at, present }: NamingAt,
): Promise<MentionOf[]> {
  if (people.length === 0 && everybody === null) return []
  if (everybody !== null) await checkAlerts(tx, room.id, principal, at)
  const here = everybody === 'here' ? present(room.id).filter((id) => id !== principal.id) : []
  const wanted = new Map<string, MentionOf['kind']>(here.map((id) => [id, 'here']))
  for (const { id } of people) wanted.set(id, 'name')
  const allowed = room.visibility === 'public' ? null : await membersAmong(tx, room.id, [...wanted.keys()])
  const rows = [...wanted].filter(([id]) => allowed === null || allowed.has(id))
  if (everybody === 'room') rows.push(['*', 'room'])
  // Kept though nobody was there, so that it counts against calling too often.
  if (everybody === 'here') rows.push(['', 'here'])
  return rows.map(([id, kind]) => ({ principal: id, kind }))
}

async function checkAlerts(tx: CityDb, room: string, principal: Principal, at: number): Promise<void> {
  const alerts = await tx
    .selectFrom('city.mention as mention')
    .innerJoin('city.message as message', 'message.id', 'mention.message')
    .select('mention.at')
    .where('mention.principal', 'in', ['*', ''])
    .where('mention.room', '=', room)
    .where('message.author', '=', principal.id)
    .where('mention.at', '>', sql<Date>`${isoTime(at - ALERTS.ms)}::timestamptz`)
    .orderBy('mention.at')
    .execute()
  const [first] = alerts
  if (alerts.length < ALERTS.count || !first) return
  const freeAt = new Date(first.at).getTime() + ALERTS.ms
  const minutes = Math.max(1, Math.ceil((freeAt - at) / 60_000))
  // Refused rather than put off: nobody waits an hour for a message to be said.
  throw cityError('city.alerts_spent', { limit: ALERTS.count, minutes })
}

async function membersAmong(tx: CityDb, room: string, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const rows = await tx
    .selectFrom('city.member')
    .select('principal')
    .where('room', '=', room)
    .where('principal', 'in', ids)
    .execute()
  return new Set(rows.map((row) => row.principal))
}
