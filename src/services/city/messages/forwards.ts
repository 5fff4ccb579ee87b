import type { Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import type { CityDb } from '../city.store.ts'
import { checkStands, enterMessage } from './acting.ts'
import type { Say } from './messages.ts'

/** Saying somebody's words on. The forward goes when its source is deleted: the words are still its author's. */
export function createForwards(db: CityDb, say: Say): Pick<Handlers<typeof cityContract>, 'forward'> {
  return {
    async forward({ message, room, clientId }, { principal, requestId }) {
      if (!principal) throw kernelError('auth.required')
      const { row } = await enterMessage(db, message, principal)
      checkStands(row)
      const parts = await db
        .selectFrom('city.part')
        .select(['type', 'file'])
        .where('message', '=', row.id)
        .orderBy('index')
        .execute()
      if (row.text.trim() === '' && parts.length === 0) throw cityError('city.nothing_to_forward')
      const body = { clientId, text: row.text, parts }
      return (await say(principal, room, body, requestId, row)).message
    },
  }
}
