import type { Handlers } from '../../../kernel/contract.ts'
import type { cityContract } from '../city.contract.ts'
import { type CityDb, enterRoom, iso } from '../city.store.ts'
import { toCityFile } from './files.ts'

/** The files of a room, by pages of messages, newest first. */
export function createGallery(db: CityDb): Pick<Handlers<typeof cityContract>, 'roomFiles'> {
  return {
    async roomFiles({ room: ref, type, before, limit }, { principal }) {
      const room = await enterRoom(db, ref, principal)
      const messages = await db
        .selectFrom('city.message as message')
        .select(['message.id', 'message.seq'])
        .where('message.room', '=', room.id)
        .$if(before !== undefined, (query) => query.where('message.seq', '<', before ?? 0))
        .where((where) =>
          where.exists(
            where
              .selectFrom('city.part as part')
              .select('part.index')
              .whereRef('part.message', '=', 'message.id')
              .$if(type !== undefined, (query) => query.where('part.type', '=', type ?? 'file')),
          ),
        )
        .orderBy('message.seq', 'desc')
        .limit(limit + 1)
        .execute()
      const shown = messages.slice(0, limit)
      const last = shown.at(-1)
      const rows = await partsOf(
        db,
        shown.map(({ id }) => id),
        type,
      )
      const next = messages.length > limit && last ? Number(last.seq) : undefined
      return { items: rows, next }
    },
  }
}

async function partsOf(
  db: CityDb,
  messages: readonly string[],
  type: 'audio' | 'image' | 'file' | undefined,
) {
  if (messages.length === 0) return []
  const rows = await db
    .selectFrom('city.part as part')
    .innerJoin('city.file as file', 'file.id', 'part.file')
    .innerJoin('city.message as message', 'message.id', 'part.message')
    .selectAll('file')
    .select(['part.type', 'part.index', 'part.message'])
    .select(['message.seq', 'message.author', 'message.author_name', 'message.created_at as said_at'])
    .where('part.message', 'in', messages)
    .$if(type !== undefined, (query) => query.where('part.type', '=', type ?? 'file'))
    .orderBy('message.seq', 'desc')
    .orderBy('part.index')
    .execute()
  return rows.map((row) => {
    const { sha256: _bytes, ...file } = toCityFile(row)
    return {
      ...file,
      type: row.type,
      index: row.index,
      message: row.message,
      seq: Number(row.seq),
      author: { id: row.author, name: row.author_name },
      at: iso(row.said_at),
    }
  })
}
