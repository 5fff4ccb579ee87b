import type { Kysely } from 'kysely'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { Client, Handlers } from '../../kernel/contract.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { cityContract } from '../city/city.contract.ts'
import type { Access } from './access.ts'
import type { Gathers, gatheringOperations } from './gathering.contract.ts'
import type { KnowledgeTables } from './knowledge.tables.ts'

interface GatheringNeeds {
  readonly db: Kysely<KnowledgeTables>
  readonly access: Access
  readonly city: Client<typeof cityContract>
  readonly clock: Clock
  readonly ids: Ids
}

/** Which files of a room its collection gathers, as those who keep the room chose. */
export function createGathering(needs: GatheringNeeds): Handlers<typeof gatheringOperations> {
  const { access, city, clock, db, ids } = needs
  return {
    async gathering({ room: asked }, { principal, requestId, signal }) {
      const room = await city.room({ room: asked }, { principal, requestId, signal })
      return { gathers: await gathersOf(db, room.id) }
    },

    async setGathering({ room: asked, gathers }, call) {
      const { principal, requestId, signal } = call
      const room = await city.room({ room: asked }, { principal, requestId, signal })
      await access.check({ room: room.id, owner: null, community: null }, 'manage', call)
      await db
        .insertInto('knowledge.collection')
        .values({
          id: ids.make('col'),
          room: room.id,
          community_id: null,
          created_at: isoTime(clock.now()),
          gathers,
        })
        .onConflict((conflict) => conflict.column('room').doUpdateSet({ gathers }))
        .execute()
      return { gathers }
    },
  }
}

/** What a room gathers; everything where nobody chose. */
export async function gathersOf(db: Kysely<KnowledgeTables>, room: string): Promise<Gathers> {
  const row = await db
    .selectFrom('knowledge.collection')
    .select('gathers')
    .where('room', '=', room)
    .executeTakeFirst()
  return row?.gathers ?? 'all'
}

/** Whether a file posted in a room that gathers so is taken in. A document is what people write and set to be read: no archive, no mail, no picture. */
export const isGathered = (gathers: Gathers, { name, mime }: { name: string; mime: string }): boolean =>
  gathers === 'all' || (gathers === 'documents' && (DOCUMENT_NAME.test(name) || DOCUMENT_MIME.test(mime)))

const DOCUMENT_NAME = /\.(?:pdf|docx?|odt|rtf|epub|md|markdown|txt|html?|pptx?|odp|xlsx?|ods|csv)$/i
const DOCUMENT_MIME =
  /^(?:text\/(?:plain|markdown|html|csv|rtf)|application\/(?:pdf|rtf|msword|epub\+zip|vnd\.oasis\.opendocument\..+|vnd\.openxmlformats-officedocument\..+))$/
