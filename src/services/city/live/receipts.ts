import type { Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Events } from '../../../platform/events/events.ts'
import type { cityContract } from '../city.contract.ts'
import { type CityDb, enterRoom } from '../city.store.ts'
import { signal } from './channels.ts'

export interface Receipts {
  /** Tells the room how far somebody has read, or where they let nobody see it, their own other clients. */
  tell(room: string, principal: string, seq: number): Promise<void>
  readonly handlers: Pick<Handlers<typeof cityContract>, 'receipts' | 'liveSettings' | 'changeLiveSettings'>
}

const MOST = 200

/** Who lets others see how far they have read, and how far that is. */
export function createReceipts(db: CityDb, events: Events): Receipts {
  const shows = async (principal: string): Promise<boolean> => {
    const row = await db
      .selectFrom('city.live_setting')
      .select('read_receipts')
      .where('principal', '=', principal)
      .executeTakeFirst()
    return row?.read_receipts ?? true
  }

  return {
    async tell(room, principal, seq) {
      const frame = { type: 'read', room, principal, seq }
      events.broadcast(signal, { room, frame, ...(!(await shows(principal)) && { only: principal }) })
    },

    handlers: {
      async receipts({ room: ref }, { principal }) {
        const room = await enterRoom(db, ref, principal)
        const rows = await db
          .selectFrom('city.read_mark as mark')
          .leftJoin('city.live_setting as setting', 'setting.principal', 'mark.principal')
          .leftJoin('city.member as member', (join) =>
            join.onRef('member.room', '=', 'mark.room').onRef('member.principal', '=', 'mark.principal'),
          )
          .select(['mark.principal', 'mark.seq'])
          .where('mark.room', '=', room.id)
          .where('mark.seq', '>', 0)
          .where((where) =>
            where.or([where('setting.read_receipts', 'is', null), where('setting.read_receipts', '=', true)]),
          )
          .where((where) =>
            where.or([where('member.principal', 'is not', null), where.lit(room.visibility === 'public')]),
          )
          .orderBy('mark.seq', 'desc')
          .orderBy('mark.principal')
          .limit(MOST)
          .execute()
        return { items: rows.map(({ principal: id, seq }) => ({ principal: id, seq: Number(seq) })) }
      },

      async liveSettings(_, { principal }) {
        if (!principal) throw kernelError('auth.required')
        return { readReceipts: await shows(principal.id) }
      },

      async changeLiveSettings({ readReceipts }, { principal }) {
        if (!principal) throw kernelError('auth.required')
        await db
          .insertInto('city.live_setting')
          .values({ principal: principal.id, read_receipts: readReceipts })
          .onConflict((conflict) => conflict.column('principal').doUpdateSet({ read_receipts: readReceipts }))
          .execute()
        return { readReceipts }
      },
    },
  }
}
