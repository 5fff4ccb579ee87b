import { isoTime } from '../../../kernel/clock.ts'
import type { Handlers } from '../../../kernel/contract.ts'
import type { cityContract } from '../city.contract.ts'
import { type CityDb, current, enterRoom, findMessage, hydrate, type MessageRow } from '../city.store.ts'
import { enterFile, toCityFile } from '../files/files.ts'

type ReadingHandlers = Pick<Handlers<typeof cityContract>, 'messages' | 'message' | 'file'>

/** Messages by pages, one message, one file's description. */
export function createReading(db: CityDb): ReadingHandlers {
  return {
    async messages({ room: ref, after, before, around, at, thread, limit }, { principal }) {
      const room = await enterRoom(db, ref, principal)
      const viewer = principal?.id ?? null
      const within = { room: room.id, thread: thread ?? null }
      if (around !== undefined || at !== undefined) {
        const seq =
          around === undefined ? await seqAt(db, room.id, at ?? '') : await seqOf(db, room.id, around)
        const earlier = await page(db, within, { before: seq, limit: Math.floor(limit / 2) })
        const later = await page(db, within, { after: seq - 1, limit: limit - earlier.length })
        return { items: await hydrate(db, [...earlier, ...later], viewer) }
      }
      const forward = after !== undefined
      const rows = await page(db, within, { after, before, limit: limit + 1 })
      const more = rows.length > limit
      const shown = more ? (forward ? rows.slice(0, limit) : rows.slice(1)) : rows
      const edge = forward ? shown.at(-1) : shown[0]
      return { items: await hydrate(db, shown, viewer), next: more && edge ? Number(edge.seq) : undefined }
    },

    async message({ room: ref, message }, { principal }) {
      const room = await enterRoom(db, ref, principal)
      return await current(db, room.id, message, principal?.id ?? null)
    },

    async file({ file }, { principal }) {
      return toCityFile(await enterFile(db, file, principal))
    },
  }
}

async function seqOf(db: CityDb, room: string, around: string): Promise<number> {
  if (/^\d{1,15}$/.test(around)) return Number(around)
  return Number((await findMessage(db, room, around)).seq)
}

/** The number of the first message that was said at a moment or after it; one beyond the last where there is none. */
async function seqAt(db: CityDb, room: string, at: string): Promise<number> {
  const row = await db
    .selectFrom('city.message')
    .select('seq')
    .where('room', '=', room)
    .where('thread', 'is', null)
    .where('created_at', '>=', isoTime(Date.parse(at)))
    .orderBy('created_at')
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst()
  return row ? Number(row.seq) : Number.MAX_SAFE_INTEGER
}

/** In a room itself, or in one of its threads; in order of sequence: the first after a number, or else the last before one, or else the newest. */
async function page(
  db: CityDb,
  { room, thread }: { readonly room: string; readonly thread: string | null },
  { after, before, limit }: { after?: number | undefined; before?: number | undefined; limit: number },
): Promise<MessageRow[]> {
  if (limit <= 0) return []
  const forward = after !== undefined
  let query = db.selectFrom('city.message').selectAll().where('room', '=', room)
  query = thread === null ? query.where('thread', 'is', null) : query.where('thread', '=', thread)
  if (after !== undefined) query = query.where('seq', '>', after)
  if (before !== undefined) query = query.where('seq', '<', before)
  const rows = await query
    .orderBy('seq', forward ? 'asc' : 'desc')
    .limit(limit)
    .execute()
  return forward ? rows : rows.reverse()
}
