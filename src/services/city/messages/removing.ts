import { sql } from 'kysely'
import type { Handlers } from '../../../kernel/contract.ts'
import type { Events } from '../../../platform/events/events.ts'
import type { Files } from '../../../platform/files/files.ts'
import { may } from '../../auth/auth.rights.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import { messageErased, wordsLeft } from '../city.events.ts'
import { asResource, type CityDb, findRoom, type NewEventRow, numberEvents } from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'
import type { Trail } from '../moderation/trail.ts'
import { type ActingNeeds, createActing } from './acting.ts'
import { eraseMessage } from './erase.ts'

interface RemovingNeeds extends ActingNeeds {
  readonly events: Events
  readonly files: Pick<Files, 'delete'>
  readonly trail: Trail
}

/** Looks at envelopes that are still to be handled: after 1, 2, 4 … up to 512 s, and no more. */
const MAX_LOOKS = 10

/** Deleting one's own message, and removing another's where one keeps the room. */
export function createRemoving(needs: RemovingNeeds): Pick<Handlers<typeof cityContract>, 'remove'> {
  const { events, trail } = needs
  const act = createActing(needs)
  return {
    remove: ({ message, reason }, { principal }) =>
      act(principal, message, async (tx, { room, row }, who, at) => {
        const own = row.author === who.id
        if (!may(who, 'message.remove', asResource(room, row.author)).permit)
          throw cityError('city.not_author')
        if (row.deleted_at !== null) return []
        if (!own && reason === undefined) throw cityError('city.reason_missing')
        const erased = await eraseMessage(tx, row, { by: who.id, reason: own ? null : (reason ?? null), at })
        await events.append(tx, ...erased.events)
        if (!own) {
          const about = { subject: row.author, room: room.id, message: row.id, reason: reason ?? null }
          await trail(tx, { actor: who.id, action: 'removed', ...about })
        }
        return erased.rows
      }),
  }
}

/** What follows from a deletion within the city: forwards of the message go as well, bytes that are nobody's, and the words in envelopes of events. */
export function consumeErasures({ db, events, files, clock, changed }: RemovingNeeds): void {
  events.consume<CityTables, typeof messageErased>({
    name: 'city.erase_forwards',
    db,
    types: [messageErased],
    async handle({ data }, job) {
      const told: [string, number][] = []
      await job.commit(async (tx) => {
        const forwards = await tx
          .selectFrom('city.message')
          .selectAll()
          .where('forwarded_from', '=', data.message)
          .where('deleted_at', 'is', null)
          .execute()
        // Whoever holds several rooms takes them in one order.
        for (const room of [...new Set(forwards.map((row) => row.room))].sort()) {
          if (!(await findRoom(tx, room, null, true))) continue
          const rows: NewEventRow[] = []
          for (const row of forwards.filter((one) => one.room === room)) {
            const erased = await eraseMessage(tx, row, { by: data.by, reason: null, at: clock.now() })
            rows.push(...erased.rows)
            await events.append(tx, ...erased.events)
          }
          told.push([room, await numberEvents(tx, room, clock.now(), rows)])
        }
        const first = { message: data.message, looks: 1 }
        await events.append(tx, { type: wordsLeft, principal: null, data: first })
      })
      for (const [room, seq] of told) changed(room, seq)
    },
  })

  events.consume<CityTables, typeof messageErased>({
    name: 'city.erase_bytes',
    db,
    types: [messageErased],
    async handle({ data }) {
      for (const sha256 of data.blobs) await dropBytes(db, files, sha256)
    },
  })

  events.consume<CityTables, typeof wordsLeft>({
    name: 'city.words_left',
    db,
    types: [wordsLeft],
    async handle({ data: { message, looks } }, job) {
      const clean = await events.forget(message, [messageErased.name, wordsLeft.name])
      if (clean || looks >= MAX_LOOKS) return
      await job.commit((tx) =>
        events.append(tx, {
          type: wordsLeft,
          principal: null,
          data: { message, looks: looks + 1 },
          availableAt: clock.now() + 1000 * 2 ** (looks - 1),
        }),
      )
    },
  })
}

/** Removes bytes and their small views, unless somebody uploaded the same meanwhile. */
async function dropBytes(db: CityDb, files: Pick<Files, 'delete'>, sha256: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`city.file ${sha256}`}, 0))`.execute(tx)
    const held = await tx.selectFrom('city.file').select('id').where('sha256', '=', sha256).executeTakeFirst()
    if (held) return
    const views = await tx
      .deleteFrom('city.thumbnail')
      .where('sha256', '=', sha256)
      .returning('blob')
      .execute()
    for (const { blob } of views) {
      const shown = await tx
        .selectFrom('city.thumbnail')
        .select('edge')
        .where('blob', '=', blob)
        .executeTakeFirst()
      if (!shown) await files.delete(blob)
    }
    await files.delete(sha256)
  })
}
