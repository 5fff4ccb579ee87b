import type { Handlers } from '../../../kernel/contract.ts'
import type { Principal } from '../../../kernel/principal.ts'
import { may } from '../../auth/auth.rights.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import { partAdded } from '../city.events.ts'
import {
  asResource,
  type CityDb,
  checkNotMuted,
  current,
  type EnteredRoom,
  enterRoom,
  findMessage,
  json,
  type MessageRow,
  type NewEventRow,
  numberEvents,
} from '../city.store.ts'
import { toCityFile } from '../files/files.ts'
import type { CalledRun, Message, PartOutcome } from '../messages.contract.ts'
import type { Capabilities } from './capabilities.ts'
import { editWords } from './edit-words.ts'
import type { Naming } from './naming.ts'
import type { OutcomeNeeds } from './outcomes.ts'
import { callAgents } from './policy.ts'
import { checkText } from './text.ts'

type ChangeHandlers = Pick<Handlers<typeof cityContract>, 'correct' | 'retryPart' | 'retryRun'>

const MAX_CORRECTION = 100_000

/** What the author of a message may still do to it: correct what was heard or read, and ask for another try. */
export function createChanges(
  needs: OutcomeNeeds & {
    readonly capabilities: Capabilities
    readonly naming: (text: string, principal: Principal) => Promise<Naming>
  },
): ChangeHandlers {
  const { db, events, clock, ids, capabilities, directory, naming, changed, watch } = needs

  /** Changes a message of the principal's own under the room's lock; `work` says which events that makes. */
  const change = async (
    principal: Principal | null,
    place: { room: string; message: string },
    work: (tx: CityDb, room: EnteredRoom, row: MessageRow) => Promise<readonly NewEventRow[]>,
  ): Promise<Message> => {
    const done = await db.transaction().execute(async (tx) => {
      const room = await enterRoom(tx, place.room, principal, true)
      const row = await findMessage(tx, room.id, place.message)
      if (!may(principal, 'message.correct', asResource(room, row.author)).permit)
        throw cityError('city.not_author')
      const seq = await numberEvents(tx, room.id, clock.now(), await work(tx, room, row))
      return { room: room.id, seq, message: await current(tx, room.id, row.id) }
    })
    changed(done.room, done.seq)
    return done.message
  }

  return {
    async correct({ index, text, ...place }, { principal }) {
      checkText(text, MAX_CORRECTION)
      return await change(principal, place, async (tx, room, row) => {
        const part = await partRow(tx, row.id, index)
        const outcome = corrected(part.outcome, text)
        if (!outcome) throw cityError('city.part_not_done')
        checkNotMuted(room, clock.now())
        const asked = principal && { principal, room, text, at: clock.now() }
        if (asked && (await watch.mayEdit(tx, asked)))
          await watch.reported(tx, { room: room.id, message: row.id, part: index, author: row.author, text })
        await tx
          .updateTable('city.part')
          .set({ outcome: json(outcome), corrected: true })
          .where('message', '=', row.id)
          .where('index', '=', index)
          .execute()
        return [{ type: 'part', message: row.id, part: index }]
      })
    },

    async retryPart({ index, ...place }, { principal, requestId }) {
      return await change(principal, place, async (tx, room, row) => {
        const part = await partRow(tx, row.id, index)
        if (part.state !== 'failed') throw cityError('city.part_not_failed')
        if (!capabilities[part.type]) throw cityError('city.engine_absent', { type: part.type })
        const attempt = part.attempt + 1
        await tx
          .updateTable('city.part')
          .set({ state: 'pending', attempt, outcome: json({}) })
          .where('message', '=', row.id)
          .where('index', '=', index)
          .execute()
        const file = await tx
          .selectFrom('city.file')
          .selectAll()
          .where('id', '=', part.file)
          .executeTakeFirstOrThrow()
        await events.append(tx, {
          type: partAdded,
          principal: principal?.id ?? null,
          room: room.id,
          requestId,
          data: {
            room: room.id,
            message: row.id,
            index,
            attempt,
            type: part.type,
            file: toCityFile(file),
            author: { id: row.author, kind: row.author_kind, name: row.author_name },
          },
        })
        return [{ type: 'part', message: row.id, part: index }]
      })
    },

    async retryRun({ agent, again: anew, text, ...place }, { principal, requestId }) {
      if (text !== undefined) checkText(text)
      const again = anew || text !== undefined
      const roster = await directory()
      const { people } = principal && text ? await naming(text, principal) : { people: [] }
      // Whoever calls people calls them no faster by editing.
      if (principal && people.length > 0) await watch.checkPace(principal)
      return await change(principal, place, async (tx, room, row) => {
        const edit = principal && text !== undefined && { room, row, who: principal, text, people }
        const edited = edit && (await editWords(tx, watch, { ...edit, at: clock.now() }))
        const message = await current(tx, room.id, row.id)
        const ended = lastRuns(message.runs).filter(
          (run) =>
            (run.state === 'failed' || run.state === 'cancelled' || (again && run.state === 'done')) &&
            (agent === undefined || run.agent === agent),
        )
        const known = roster(ended.map((run) => run.agent)).filter((one) => one.state === 'active')
        if (known.length === 0) throw cityError('city.run_not_failed')
        const calls = await callAgents(tx, known, { ids, at: clock.now(), room, message, requestId })
        await events.append(tx, ...calls)
        const said: readonly NewEventRow[] = edited ? [{ type: 'edited', message: row.id }] : []
        return [...said, { type: 'runs', message: row.id }]
      })
    },
  }
}

/** The last run of each agent. */
const lastRuns = (runs: readonly CalledRun[]): CalledRun[] => [
  ...new Map(runs.map((run) => [run.agent, run])).values(),
]

function corrected(outcome: PartOutcome, text: string): PartOutcome | undefined {
  const { transcript, ocr } = outcome
  if (transcript) return { ...outcome, transcript: { ...transcript, text, speech: text.trim() !== '' } }
  return ocr && { ...outcome, ocr: { ...ocr, text } }
}

async function partRow(tx: CityDb, message: string, index: number) {
  const row = await tx
    .selectFrom('city.part')
    .selectAll()
    .where('message', '=', message)
    .where('index', '=', index)
    .executeTakeFirst()
  if (!row) throw cityError('city.part_not_found')
  return row
}
