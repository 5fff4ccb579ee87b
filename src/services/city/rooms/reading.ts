import type { Handlers } from '../../../kernel/contract.ts'
import type { cityContract } from '../city.contract.ts'
import { type CityDb, enterRoom, findMessage, hydrate, type MessageRow } from '../city.store.ts'
import { enterFile, toCityFile } from '../files/files.ts'
import { current } from '../messages/messages.ts'

type ReadingHandlers = Pick<Handlers<typeof cityContract>, 'messages' | 'message' | 'file'>

/** Messages by pages, one message, one file's description. */
export function createReading(db: CityDb): ReadingHandlers {
  return {
    async messages({ room: ref, after, before, around, limit }, { principal }) {
      const room = await enterRoom(db, ref, principal)
      if (around !== undefined) {
        const seq = await seqOf(db, room.id, around)
        const earlier = await page(db, room.id, { before: seq, limit: Math.floor(limit / 2) })
        const later = await page(db, room.id, { after: seq - 1, limit: limit - earlier.length })
        return { items: await hydrate(db, [...earlier, ...later]) }
      }
      const forward = after !== undefined
      const rows = await page(db, room.id, { after, before, limit: limit + 1 })
      const more = rows.length > limit
      const shown = more ? (forward ? rows.slice(0, limit) : rows.slice(1)) : rows
      const edge = forward ? shown.at(-1) : shown[0]
      return { items: await hydrate(db, shown), next: more && edge ? Number(edge.seq) : undefined }
    },

    async message({ room: ref, message }, { principal }) {
      const room = await enterRoom(db, ref, principal)
      return await current(db, room.id, message)
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

/** In order of sequence: the first after a number, or else the last before one, or else the newest. */
async function page(
  db: CityDb,
  room: string,
  { after, before, limit }: { after?: number | undefined; before?: number | undefined; limit: number },
): Promise<MessageRow[]> {
  if (limit <= 0) return []
  const forward = after !== undefined
  let query = db.selectFrom('city.message').selectAll().where('room', '=', room)
  if (after !== undefined) query = query.where('seq', '>', after)
  if (before !== undefined) query = query.where('seq', '<', before)
  const rows = await query
    .orderBy('seq', forward ? 'asc' : 'desc')
    .limit(limit)
    .execute()
  return forward ? rows : rows.reverse()
}
