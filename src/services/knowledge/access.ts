import type { Kysely } from 'kysely'
import type { Call, Client } from '../../kernel/contract.ts'
import { type Action, may } from '../auth/auth.rights.ts'
import type { cityContract } from '../city/city.contract.ts'
import { knowledgeError } from './knowledge.errors.ts'
import type { CollectionRow, KnowledgeTables } from './knowledge.tables.ts'

type Place = Pick<CollectionRow, 'room'> & {
  readonly owner: string | null
  readonly community: string | null
}

/** What the asker is in these communities; one they do not belong to is left out. */
export type Communities = (
  communities: readonly string[],
  call: Call,
) => Promise<ReadonlyMap<string, 'owner' | 'moderator' | 'member' | 'guest'>>

/** Who may read and change which collection, asked anew with every call: whoever left a room finds nothing of it from then on. */
export interface Access {
  /** Those of the rooms that the asker may read. */
  rooms(rooms: readonly string[], call: Call): Promise<string[]>
  /** The collections to look in: those asked for, as far as the asker may read them; all they may read where none are named. */
  readable(
    asked: {
      readonly collections?: readonly string[] | undefined
      readonly rooms?: readonly string[] | undefined
    },
    call: Call,
  ): Promise<string[]>
  reads(place: Place, call: Call): Promise<boolean>
  /** A collection that the asker may read; otherwise the one answer of every collection that is not there. */
  enter(id: string, call: Call): Promise<CollectionIn>
  /** Rejects with `knowledge.may_not_change` where the asker may not do this in a place that they may read. `author` is whose doing it is about. */
  check(place: Place, action: 'post' | 'manage' | 'remove', call: Call, author?: string | null): Promise<void>
}

export interface CollectionIn {
  readonly id: string
  readonly name: string
  readonly owner: string | null
  readonly room: string | null
  readonly community: string | null
}

/** How many rooms are asked after at once, and at most. */
const BATCH = 500
const MAX_ROOMS = 5_000
const ACTIONS = {
  post: 'room.post',
  manage: 'room.manage',
  remove: 'message.remove',
} as const satisfies Record<string, Action>
const IN_COMMUNITY = {
  post: 'community.post',
  manage: 'community.manage',
  remove: 'community.manage',
} as const satisfies Record<string, Action>

/** Without `communities` nobody belongs to any. */
export function createAccess(
  db: Kysely<KnowledgeTables>,
  city: Client<typeof cityContract>,
  communities: Communities = async () => new Map(),
): Access {
  const rooms: Access['rooms'] = async (asked, { principal, requestId, signal }) => {
    const all = [...new Set(asked)]
    const batches = Array.from({ length: Math.ceil(all.length / BATCH) }, (_, i) =>
      all.slice(i * BATCH, (i + 1) * BATCH),
    )
    const found = await Promise.all(
      batches.map((batch) => city.readable({ rooms: batch }, { principal, requestId, signal })),
    )
    return found.flatMap((one) => one.rooms)
  }
  const owned = (owner: string | null, { principal }: Call, action: 'owned.read' | 'owned.change') =>
    owner !== null && may(principal, action, { type: 'owned', owner }).permit
  const inCommunity = async (asked: readonly string[], action: Action, call: Call): Promise<Set<string>> => {
    const all = [...new Set(asked)]
    if (all.length === 0) return new Set()
    const memberships = await communities(all, call)
    const permits = (community: string) =>
      may(call.principal, action, { type: 'community', membership: memberships.get(community) ?? null })
        .permit
    return new Set(all.filter(permits))
  }
  const reads: Access['reads'] = async ({ room, owner, community }, call) => {
    if (room === null && community !== null)
      return (await inCommunity([community], 'community.read', call)).size > 0
    if (room === null) return owned(owner, call, 'owned.read')
    const [allowed] = await rooms([room], call)
    return allowed === room
  }
  return {
    rooms,
    reads,

    async readable({ collections, rooms: places }, call) {
      const everything = !collections && !places
      const rows = await db
        .selectFrom('knowledge.collection')
        .select(['id', 'room', 'owner', 'community_id'])
        .where((where) => {
          if (everything)
            return where.or([
              where('room', 'is not', null),
              where('community_id', 'is not', null),
              where('owner', '=', call.principal?.id ?? ''),
            ])
          return where.or([
            ...(collections ? [where('id', 'in', collections)] : []),
            ...(places ? [where('room', 'in', places)] : []),
          ])
        })
        .orderBy('id', 'desc')
        .limit(MAX_ROOMS)
        .execute()
      const open = new Set(
        await rooms(
          rows.flatMap(({ room }) => room ?? []),
          call,
        ),
      )
      const theirs = await inCommunity(
        rows.flatMap(({ room, community_id }) => (room === null ? (community_id ?? []) : [])),
        'community.read',
        call,
      )
      return rows
        .filter(({ room, owner, community_id: community }) => {
          if (room !== null) return open.has(room)
          return community === null ? owned(owner, call, 'owned.read') : theirs.has(community)
        })
        .map(({ id }) => id)
    },

    async enter(id, call) {
      const row = await db
        .selectFrom('knowledge.collection')
        .select(['id', 'name', 'owner', 'room'])
        .select('community_id as community')
        .where('id', '=', id)
        .executeTakeFirst()
      if (!row || !(await reads(row, call))) throw knowledgeError('knowledge.collection_not_found')
      return row
    },

    async check({ room: id, owner, community }, action, call, author) {
      if (id === null && community !== null) {
        const own = action === 'remove' && author !== null && author === call.principal?.id
        const allowed = await inCommunity([community], own ? 'community.post' : IN_COMMUNITY[action], call)
        if (allowed.size === 0) throw knowledgeError('knowledge.may_not_change')
        return
      }
      if (id === null) {
        if (!owned(owner, call, 'owned.change')) throw knowledgeError('knowledge.may_not_change')
        return
      }
      const { principal, requestId, signal } = call
      const room = await city.room({ room: id }, { principal, requestId, signal })
      const { visibility, membership, archivedAt } = room
      const resource = { type: 'room', visibility, membership, ...(author && { author }) } as const
      if (archivedAt !== null || !may(principal, ACTIONS[action], resource).permit)
        throw knowledgeError('knowledge.may_not_change')
    },
  }
}
