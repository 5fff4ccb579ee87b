import type { Kysely } from 'kysely'
import type { Call, Client } from '../../kernel/contract.ts'
import { type Action, may } from '../auth/auth.rights.ts'
import type { cityContract } from '../city/city.contract.ts'
import { knowledgeError } from './knowledge.errors.ts'
import type { CollectionRow, KnowledgeTables } from './knowledge.tables.ts'

type Place = Pick<CollectionRow, 'room'> & { readonly owner: string | null }

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
}

/** How many rooms are asked after at once, and at most. */
const BATCH = 500
const MAX_ROOMS = 5_000
const ACTIONS = {
  post: 'room.post',
  manage: 'room.manage',
  remove: 'message.remove',
} as const satisfies Record<string, Action>

export function createAccess(db: Kysely<KnowledgeTables>, city: Client<typeof cityContract>): Access {
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
  const reads: Access['reads'] = async ({ room, owner }, call) => {
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
        .select(['id', 'room', 'owner'])
        .where((where) => {
          if (everything)
            return where.or([where('room', 'is not', null), where('owner', '=', call.principal?.id ?? '')])
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
      return rows
        .filter(({ room, owner }) => (room === null ? owned(owner, call, 'owned.read') : open.has(room)))
        .map(({ id }) => id)
    },

    async enter(id, call) {
      const row = await db
        .selectFrom('knowledge.collection')
        .select(['id', 'name', 'owner', 'room'])
        .where('id', '=', id)
        .executeTakeFirst()
      if (!row || !(await reads(row, call))) throw knowledgeError('knowledge.collection_not_found')
      return row
    },

    async check({ room: id, owner }, action, call, author) {
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
