import { isoTime } from '../../../kernel/clock.ts'
import type { Principal } from '../../../kernel/principal.ts'
import { cityError } from '../city.errors.ts'
import { type CityDb, checkMaySpeak, iso } from '../city.store.ts'
import type { Watch } from '../moderation/watch.ts'
import { checkStands, type Place } from './acting.ts'
import { mentionsOf, type Naming } from './naming.ts'

const MAX_VERSIONS = 200

/** Other words for a message of one's own, under the room's lock: the earlier ones are kept, the moderators' rules hold, whoever is named newly is told. False where they are the same words. */
export async function editWords(
  tx: CityDb,
  watch: Watch,
  edit: Place & {
    readonly who: Principal
    readonly at: number
    readonly text: string
    readonly people: Naming['people']
  },
): Promise<boolean> {
  const { room, row, who, at, text, people } = edit
  if (row.author !== who.id || row.run !== null) throw cityError('city.not_author')
  checkStands(row)
  checkMaySpeak(room, who, at)
  if (row.forwarded_from !== null) throw cityError('city.forward_fixed')
  if (text === row.text) return false
  if (text.trim() === '' && !(await holdsMore(tx, row.id))) throw cityError('city.message_empty')
  const { versions } = await tx
    .selectFrom('city.edit')
    .select((of) => of.fn.countAll<number | string>().as('versions'))
    .where('message', '=', row.id)
    .executeTakeFirstOrThrow()
  const version = Number(versions) + 1
  if (version > MAX_VERSIONS) throw cityError('city.too_many_edits', { limit: MAX_VERSIONS })
  if (await watch.mayEdit(tx, { principal: who, room, text, at }))
    await watch.reported(tx, { room: room.id, message: row.id, author: who.id, text })
  const said = { message: row.id, version, text: row.text, at: iso(row.edited_at ?? row.created_at) }
  await tx.insertInto('city.edit').values(said).execute()
  await tx
    .updateTable('city.message')
    .set({ text, edited_at: isoTime(at) })
    .where('id', '=', row.id)
    .execute()
  const called = { room, principal: who, at, present: () => [] }
  const mentions = (await mentionsOf(tx, { people, everybody: null }, called)).map((mention) => ({
    ...mention,
    ...{ message: row.id, room: room.id, at: isoTime(at) },
  }))
  if (mentions.length > 0)
    await tx
      .insertInto('city.mention')
      .values(mentions)
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  return true
}

/** Whether a message is more than its text: files, or a poll. */
async function holdsMore(tx: CityDb, message: string): Promise<boolean> {
  const part = await tx
    .selectFrom('city.part')
    .select('index')
    .where('message', '=', message)
    .executeTakeFirst()
  if (part) return true
  const poll = await tx
    .selectFrom('city.poll')
    .select('message')
    .where('message', '=', message)
    .executeTakeFirst()
  return poll !== undefined
}
