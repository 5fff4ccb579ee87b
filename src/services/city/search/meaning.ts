import { type SqlBool, sql } from 'kysely'
import type { Embeddings } from '../../../engines/embeddings/embeddings.ts'
import { chunks } from '../../../engines/words/chunks.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Events } from '../../../platform/events/events.ts'
import type { CityDb } from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'
import { digestOf, entriesOf } from './entries.ts'
import { embedAsked, rebuildAsked } from './search.events.ts'

export interface MeaningNeeds {
  readonly db: CityDb
  readonly events: Events
  /** The model to embed with from now on; asked again and again, so that one that appears is taken up. */
  readonly embeddings: () => Promise<Embeddings>
  /** All that can embed a question. */
  readonly all: readonly Embeddings[]
}

/** The vectors of what is said. */
export interface Meaning {
  /** Takes up another model where one was chosen: it is built beside the one in use, then takes its place. */
  catchUp(): Promise<void>
  /** The model that questions are asked of; null while there is none that can. */
  live(): Promise<Embeddings | null>
}

/** The width of the column; a shorter vector is filled up with zeros, which change no cosine. */
const DIMENSIONS = 384
const BATCH = 16
/** The index takes some milliseconds a vector, and an embedded database does nothing else meanwhile. */
const INSERT_BATCH = 4
const MESSAGES_A_STEP = 48
const TIMEOUT_MS = 10 * 60_000

export function createMeaning({ db, events, embeddings, all }: MeaningNeeds): Meaning {
  let caughtUp: string | null = null

  const usable = async (name: string): Promise<Embeddings | null> => {
    const chosen = await embeddings()
    const model = [chosen, ...all].find((one) => one.model === name)
    return model && !(await model.missing()) ? model : null
  }

  events.consume<CityTables, typeof embedAsked>({
    name: 'city.search_embed',
    db,
    types: [embedAsked],
    timeoutMs: TIMEOUT_MS,
    async handle({ data: { model: name, messages } }, job) {
      const model = (await wanted(db, name)) ? await usable(name) : null
      // Without it these are found by their words, and by meaning once it is built anew.
      if (!model) caughtUp = null
      else await learn(db, model, messages, job.signal)
    },
  })

  events.consume<CityTables, typeof rebuildAsked>({
    name: 'city.search_rebuild',
    db,
    types: [rebuildAsked],
    timeoutMs: TIMEOUT_MS,
    async handle({ data: { model: name, before } }, job) {
      const model = (await wanted(db, name)) ? await usable(name) : null
      if (!model) return await job.commit((tx) => drop(tx, name))
      const { rows } = await sql<{ message: string }>`
        select distinct message from city.search_entry
        where kind <> 'file' ${before === null ? sql`` : sql`and message < ${before}`}
        order by message desc limit ${MESSAGES_A_STEP}`.execute(db)
      const messages = rows.map(({ message }) => message)
      await learn(db, model, messages, job.signal)
      const last = messages.length === MESSAGES_A_STEP ? messages.at(-1) : undefined
      await job.commit(async (tx) => {
        if (last === undefined) await takeOver(tx, name)
        else
          await events.append(tx, {
            type: rebuildAsked,
            principal: null,
            data: { model: name, before: last },
          })
      })
    },
    failed: async ({ data }, _failure, tx) => await drop(tx, data.model),
  })

  return {
    async catchUp() {
      const chosen = await embeddings()
      if (caughtUp === chosen.model || (await chosen.missing())) return
      const rows = await db.selectFrom('city.search_model').selectAll().execute()
      const live = rows.find(({ state }) => state === 'live')
      const engine = live ? await usable(live.model) : null
      caughtUp = chosen.model
      // A process that lacks the model of meaning does not undo the work of those that have it.
      if (live?.model === chosen.model || (engine?.semantic && !chosen.semantic)) return
      await db.transaction().execute(async (tx) => {
        await tx
          .deleteFrom('city.search_model')
          .where('state', '=', 'building')
          .where('model', '<>', chosen.model)
          .execute()
        const made = await tx
          .insertInto('city.search_model')
          .values({ model: chosen.model, state: live ? 'building' : 'live' })
          .onConflict((conflict) => conflict.doNothing())
          .returning('model')
          .executeTakeFirst()
        if (!made) return
        await events.append(tx, {
          type: rebuildAsked,
          principal: null,
          data: { model: chosen.model, before: null },
        })
      })
    },

    async live() {
      const row = await db
        .selectFrom('city.search_model')
        .select('model')
        .where('state', '=', 'live')
        .executeTakeFirst()
      return row ? await usable(row.model) : null
    },
  }
}

const wanted = async (db: CityDb, model: string): Promise<boolean> =>
  (await db.selectFrom('city.search_model').select('model').where('model', '=', model).executeTakeFirst()) !==
  undefined

/** The model knows everything now: what others knew goes. */
async function takeOver(tx: CityDb, model: string): Promise<void> {
  await tx.deleteFrom('city.search_model').where('model', '<>', model).execute()
  await tx.updateTable('city.search_model').set({ state: 'live' }).where('model', '=', model).execute()
  await tx.deleteFrom('city.search_vector').where('model', '<>', model).execute()
}

/** A model that was not finished is not wanted any more. */
async function drop(tx: CityDb, model: string): Promise<void> {
  const gone = await tx
    .deleteFrom('city.search_model')
    .where('model', '=', model)
    .where('state', '=', 'building')
    .returning('model')
    .executeTakeFirst()
  if (gone) await tx.deleteFrom('city.search_vector').where('model', '=', model).execute()
}

/** Embeds what this model does not know of these messages, batch after batch, each stored as it comes. */
async function learn(
  db: CityDb,
  model: Embeddings,
  messages: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (messages.length === 0) return
  const { rows } = await sql<{ message: string; part: number; digest: string }>`
    select e.message, e.part, e.digest from city.search_entry e
    where e.message in (${sql.join(messages)}) and e.kind <> 'file' and not exists (
      select 1 from city.search_vector v
      where v.message = e.message and v.part = e.part and v.model = ${model.model} and v.digest = e.digest)`.execute(
    db,
  )
  const missing = new Map(rows.map((row) => [`${row.message}:${row.part}`, row.digest]))
  const texts = await entriesOf(db, [...new Set(rows.map(({ message }) => message))])
  const passages = texts.flatMap((entry) => {
    const digest = digestOf(entry.text)
    // A text that changed meanwhile is asked for again by whoever took that in.
    if (missing.get(`${entry.message}:${entry.part}`) !== digest) return []
    return chunks(entry.text).map((chunk, passage) => ({ ...entry, ...chunk, passage, digest }))
  })
  for (let from = 0; from < passages.length; from += BATCH) {
    const batch = passages.slice(from, from + BATCH)
    const made = await model.embed(
      batch.map(({ text }) => text.replace(/\s+/g, ' ')),
      { kind: 'passage', signal },
    )
    const values = batch.map(({ message, part, passage, room, digest, start, end }, i) => {
      const vector = made[i]
      if (!vector) throw kernelError('internal')
      return sql`(${message}::text, ${part}::int, ${passage}::int, ${model.model}::text, ${room}::text, ${digest}::text, ${start}::int, ${end}::int, ${written(vector)}::vector)`
    })
    for (let at = 0; at < values.length; at += INSERT_BATCH)
      // What was deleted meanwhile is left out, with all it was.
      await sql`
        insert into city.search_vector (message, part, passage, model, room, digest, start_at, end_at, embedding)
        select v.* from (values ${sql.join(values.slice(at, at + INSERT_BATCH))})
          as v (message, part, passage, model, room, digest, start_at, end_at, embedding)
        join city.search_entry e on e.message = v.message and e.part = v.part and e.digest = v.digest
        on conflict (message, part, model, passage) do update
          set digest = excluded.digest, start_at = excluded.start_at, end_at = excluded.end_at, embedding = excluded.embedding`.execute(
        db,
      )
  }
  for (const { message, part, digest } of rows)
    await db
      .deleteFrom('city.search_vector')
      .where('message', '=', message)
      .where('part', '=', part)
      .where('model', '=', model.model)
      .where(sql<SqlBool>`digest <> ${digest}`)
      .execute()
}

/** A vector in pgvector's notation. */
export function written(vector: Float32Array): string {
  if (vector.length > DIMENSIONS) throw kernelError('internal')
  const numbers = new Array<number>(DIMENSIONS).fill(0)
  for (const [i, value] of vector.entries()) numbers[i] = value
  return `[${numbers.join(',')}]`
}
