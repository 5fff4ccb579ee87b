import { sql } from 'kysely'
import { type Clock, isoTime } from '../../../kernel/clock.ts'
import { AppError, type Failure } from '../../../kernel/errors.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { Kv } from '../../../platform/kv/kv.ts'
import { memoryKv } from '../../../platform/kv/memory.ts'
import { may } from '../../auth/auth.rights.ts'
import { cityError } from '../city.errors.ts'
import { asResource, type CityDb, type EnteredRoom, json } from '../city.store.ts'
import type { NewMessage, PartOutcome } from '../messages.contract.ts'
import type { FilterAction } from './filter.ts'
import { checkNewcomersPace, checkNewcomersWords, isNewcomer } from './newcomers.ts'
import { keepersOf } from './queue.ts'
import { createRules } from './rules.ts'

/** What was held back, as it is kept until a moderator has seen it. */
export type HeldBody =
  | { readonly type: 'message'; readonly body: NewMessage }
  | { readonly type: 'answer'; readonly run: unknown }
  | { readonly type: 'part'; readonly index: number; readonly attempt: number; readonly outcome: PartOutcome }

export interface Posting {
  readonly principal: Principal
  readonly room: EnteredRoom
  readonly body: NewMessage
  readonly forwarded: boolean
  readonly at: number
  /** Stores what was let through before it: ask it before counting what is stored. */
  readonly storeBefore: () => Promise<void>
}

/** `held`: it is kept for a moderator and must not be stored. `report`: it is stored, then told by `reported`. */
export type PostVerdict = 'pass' | 'report' | 'held'

/** The eye on what is written, in the very transactions that store it. */
export interface Watch {
  /** Refuses whoever posts faster than anybody writes. */
  checkPace(principal: Principal): Promise<void>
  /** Slow mode, limits of newcomers and filters, under the room's lock, so that nobody passes beside anybody. */
  mayPost(tx: CityDb, posting: Posting): Promise<PostVerdict>
  /** The same words by an edit or a correction. What would be held cannot come in so. Answers whether it is to be reported. */
  mayEdit(tx: CityDb, edit: Pick<Posting, 'principal' | 'room' | 'at'> & { text: string }): Promise<boolean>
  /** An outcome with the words that were heard or read, or the failure in its place where a moderator sees them first. */
  outcome(
    tx: CityDb,
    room: EnteredRoom,
    part: HeardPart,
  ): Promise<{ readonly outcome: PartOutcome; readonly told: boolean }>
  /** Why an agent's answer does not appear yet, null where it may; and whether it is to be reported. */
  answer(
    tx: CityDb,
    room: EnteredRoom,
    answer: GivenAnswer,
  ): Promise<{ readonly error: Failure | null; readonly report: boolean }>
  /** Writes down that a stored message holds words that are to be told of. */
  reported(tx: CityDb, told: ToldMessage): Promise<void>
  /** Tells open pages that more waits, after the transaction. */
  queueChanged(room: string | null): void
}

export interface HeardPart {
  readonly message: string
  readonly author: string
  readonly index: number
  readonly attempt: number
  readonly outcome: PartOutcome
}

export interface GivenAnswer {
  readonly agent: string
  readonly run: string
  /** The message that asked. */
  readonly message: string
  readonly text: string
  readonly body: unknown
}

export interface ToldMessage {
  readonly room: string
  readonly message: string
  readonly part?: number
  readonly author: string
  readonly text: string
}

export interface WatchNeeds {
  readonly clock: Clock
  readonly ids: Ids
  readonly kv: Pick<Kv, 'increment'>
  /** What one person may post within a minute; without limit where nothing is said. */
  readonly postsPerMinute: number | undefined
  readonly queueChanged: (room: string | null) => void
}

const MINUTE_MS = 60_000
const MAX_KEPT = 20_000

export function createWatch({ clock, ids, kv, postsPerMinute, queueChanged }: WatchNeeds): Watch {
  const rules = createRules()
  const alone = memoryKv(clock)

  /** What the filters ask, the room's keepers being free of the room's own; in a talk nobody could let anything through, so nothing is held there. */
  const look = async (
    tx: CityDb,
    room: EnteredRoom,
    texts: readonly string[],
    { keeps = false, operates = false } = {},
  ): Promise<FilterAction | null> => {
    const filters = [
      ...(operates ? [] : [(await rules.city(tx, room)).filter]),
      ...(keeps ? [] : [await rules.room(tx, room)]),
    ]
    const asked = texts.filter((text) => text !== '')
    const found = filters.flatMap((filter) => asked.map((text) => filter.look(text)))
    const action = (['refuse', 'hold', 'report'] as const).find((one) => found.includes(one)) ?? null
    if (room.visibility !== 'direct') return action
    return action === 'hold' ? 'refuse' : action === 'report' ? null : action
  }

  /** Whether anybody else could let it through: nobody sees a case of their own, and whoever runs the city does not look into rooms that are closed. */
  const isSeen = async (tx: CityDb, room: EnteredRoom, subject: string): Promise<boolean> =>
    room.visibility === 'public' ||
    (room.visibility !== 'direct' && (await keepersOf(tx, room.id)).some((id) => id !== subject))

  const standingOf = (principal: Principal, room: EnteredRoom) => ({
    keeps: may(principal, 'room.invite', asResource(room)).permit,
    operates: may(principal, 'city.operate', { type: 'city' }).permit,
  })

  const newcomersLimits = async (
    tx: CityDb,
    room: EnteredRoom,
    principal: Principal,
    at: number,
    storeBefore = async () => {},
  ) => {
    const { newcomers } = await rules.city(tx, room)
    if (newcomers.days === 0 && newcomers.messages === 0) return null
    await storeBefore()
    return (await isNewcomer(tx, principal.id, newcomers, at)) ? newcomers : null
  }

  const hold = async (tx: CityDb, row: HeldRow): Promise<void> => {
    await tx
      .insertInto('city.report')
      .values({
        id: ids.make('rep'),
        kind: 'held',
        room: row.room,
        message: row.message ?? null,
        part: row.part ?? null,
        subject: row.subject,
        kept: row.kept.slice(0, MAX_KEPT),
        body: json(row.body),
        client_id: row.clientId,
        created_at: isoTime(clock.now()),
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }

  return {
    queueChanged,

    async checkPace({ id, kind }) {
      if (postsPerMinute === undefined || kind !== 'person') return
      const key = `city.posting:${id}`
      // Talk goes on while the shared counter is away: each process counts by itself.
      const counted = kv.increment(key, MINUTE_MS).catch((failure: unknown) => {
        if (!AppError.from(failure).retryable) throw failure
        return alone.increment(key, MINUTE_MS)
      })
      const { count, resetMs } = await counted
      if (count <= postsPerMinute) return
      const seconds = Math.max(1, Math.ceil(resetMs / 1000))
      const told = { limit: postsPerMinute, seconds }
      throw cityError('city.posting_pace', told, { retryAfterMs: seconds * 1000 })
    },

    async mayPost(tx, { principal, room, body, forwarded, at, storeBefore }) {
      const standing = standingOf(principal, room)
      const texts = [body.text, ...(body.poll ? [body.poll.question, ...body.poll.options] : [])]
      const action = await look(tx, room, texts, standing)
      // A forward leans on its source, which may be gone when somebody looks.
      if (action === 'refuse' || (action === 'hold' && forwarded)) throw cityError('city.words_refused')
      const before =
        action === 'hold' ? await heldBefore(tx, room.id, principal.id, body.clientId) : undefined
      if (before?.outcome === 'refused') throw cityError('city.message_refused')
      if (before) return 'held'
      if (action === 'hold' && !(await isSeen(tx, room, principal.id))) throw cityError('city.words_refused')
      if (principal.kind === 'person' && !standing.keeps && room.slow_seconds > 0) {
        await storeBefore()
        await checkSlow(tx, room, principal.id, at)
      }
      if (principal.kind === 'person' && !standing.operates) {
        const limits = await newcomersLimits(tx, room, principal, at, storeBefore)
        if (limits) {
          checkNewcomersWords(limits, { text: body.text, files: body.parts.length })
          await checkNewcomersPace(tx, principal.id, limits, at)
        }
      }
      if (action !== 'hold') return action === 'report' ? 'report' : 'pass'
      await hold(tx, {
        room: room.id,
        subject: principal.id,
        kept: texts.filter((text) => text !== '').join('\n'),
        body: { type: 'message', body },
        clientId: body.clientId,
      })
      return 'held'
    },

    async mayEdit(tx, { principal, room, text, at }) {
      const standing = standingOf(principal, room)
      if (principal.kind === 'person' && !standing.operates) {
        const limits = await newcomersLimits(tx, room, principal, at)
        if (limits) checkNewcomersWords(limits, { text, files: 0 })
      }
      const action = await look(tx, room, [text], standing)
      if (action === 'refuse' || action === 'hold') throw cityError('city.words_refused')
      return action === 'report'
    },

    async outcome(tx, room, { message, author, index, attempt, outcome }) {
      const text = outcome.transcript?.text ?? outcome.ocr?.text ?? ''
      const action = await look(tx, room, [text])
      if (action === null) return { outcome, told: false }
      if (action === 'report') {
        await reported(tx, { room: room.id, message, part: index, author, text })
        return { outcome, told: true }
      }
      if (!(await isSeen(tx, room, author)))
        return { outcome: { error: cityError('city.words_refused').toJSON().error }, told: false }
      await hold(tx, {
        room: room.id,
        message,
        part: index,
        subject: author,
        kept: text,
        body: { type: 'part', index, attempt, outcome },
        clientId: `${message}:${index}:${attempt}`,
      })
      return { outcome: { error: cityError('city.part_held').toJSON().error }, told: true }
    },

    async answer(tx, room, { agent, run, message, text, body }) {
      const action = await look(tx, room, [text])
      if (action === null || action === 'report') return { error: null, report: action === 'report' }
      if (!(await isSeen(tx, room, agent)))
        return { error: cityError('city.words_refused').toJSON().error, report: false }
      const held = { type: 'answer' as const, run: body }
      await hold(tx, { room: room.id, message, subject: agent, kept: text, body: held, clientId: run })
      return { error: cityError('city.answer_held').toJSON().error, report: false }
    },

    reported,
  }

  async function reported(tx: CityDb, { room, message, part, author, text }: ToldMessage): Promise<void> {
    await tx
      .insertInto('city.report')
      .values({
        id: ids.make('rep'),
        kind: 'filter',
        room,
        message,
        part: part ?? null,
        subject: author,
        kept: text.slice(0, MAX_KEPT),
        created_at: isoTime(clock.now()),
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }
}

interface HeldRow {
  readonly room: string
  readonly message?: string
  readonly part?: number
  readonly subject: string
  readonly kept: string
  readonly body: HeldBody
  readonly clientId: string
}

async function heldBefore(tx: CityDb, room: string, subject: string, clientId: string) {
  return await tx
    .selectFrom('city.report')
    .select('outcome')
    .where('kind', '=', 'held')
    .where('room', '=', room)
    .where('subject', '=', subject)
    .where('client_id', '=', clientId)
    .executeTakeFirst()
}

/** Milliseconds until somebody may write again in a slow room; what is held for a moderator counts as written. */
export async function slowFor(
  db: CityDb,
  { id, slow_seconds: seconds }: Pick<EnteredRoom, 'id' | 'slow_seconds'>,
  principal: string,
  at: number,
): Promise<number> {
  if (seconds === 0) return 0
  const since = sql<Date>`${isoTime(at - seconds * 1000)}::timestamptz`
  const said = await db
    .selectFrom('city.message')
    .select('created_at')
    .where('author', '=', principal)
    .where('room', '=', id)
    .where('created_at', '>', since)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  const held = await db
    .selectFrom('city.report')
    .select('created_at')
    .where('kind', '=', 'held')
    .where('subject', '=', principal)
    .where('room', '=', id)
    .where('created_at', '>', since)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  const last = Math.max(0, ...[said, held].map((row) => (row ? new Date(row.created_at).getTime() : 0)))
  return last === 0 ? 0 : Math.max(1, last + seconds * 1000 - at)
}

async function checkSlow(tx: CityDb, room: EnteredRoom, principal: string, at: number): Promise<void> {
  const waitMs = await slowFor(tx, room, principal, at)
  if (waitMs === 0) return
  const seconds = Math.ceil(waitMs / 1000)
  throw cityError('city.slow_mode', { seconds }, { retryAfterMs: seconds * 1000 })
}
