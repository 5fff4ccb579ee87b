import { type Kysely, sql } from 'kysely'
import type { Embeddings } from '../src/engines/embeddings/embeddings.ts'
import { stems } from '../src/engines/words/stems.ts'
import { systemClock } from '../src/kernel/clock.ts'
import type { Principal } from '../src/kernel/principal.ts'
import type { Database } from '../src/platform/database/database.ts'
import { migrateUp } from '../src/platform/database/migrate.ts'
import { openPglite } from '../src/platform/database/pglite.ts'
import { openPostgres } from '../src/platform/database/postgres.ts'
import type { CityTables } from '../src/services/city/city.tables.ts'
import { byMeaning, type Scope } from '../src/services/city/search/find.ts'
import { createSearch } from '../src/services/city/search/search.ts'
import { testCluster, testEvents } from '../test/kit/database.ts'
import { scratchPostgres } from '../test/kit/postgres.ts'
import type { Row } from './measure.ts'

const MESSAGES = 100_000
/** An embedded database builds its index at some milliseconds a vector: it gets what fits into the time. */
const MESSAGES_EMBEDDED = 2_000
const ROOMS = 400
/** Five rooms of a hundred are open to who asks. */
const OPEN = 20
const TOPICS = 300
const NOISES = 2_000
/** Coprime with each other and with the topics, so that no two vectors are the same. */
const [NEAR, FAR] = [1_997, 1_999]
const QUESTIONS = 40
const TOP = 10
const MODEL = 'bench/1'
const GOAL_P95_MS = 200
const GOAL_RECALL = 0.98

const ASKER: Principal = { id: 'p_bench', kind: 'person', name: 'Bench', role: 'resident' }
const SCOPE: Scope = { asker: ASKER, filters: { has: [] } }

/** Search among 100,000 messages (2,000 in the embedded database) of which the asker may read a twentieth: how long it takes by words and meaning together, and how much of what an exact scan finds the index finds, on both databases. Vectors are made, not embedded: topics with noise around them. */
export async function search(): Promise<readonly Row[]> {
  const rows: Row[] = []
  {
    await using database = await openPglite({ dataDir: null, image: await testCluster(), waitMs: 120_000 })
    rows.push(...(await measure('PGlite', database, MESSAGES_EMBEDDED)))
  }
  const server = process.env.TEST_DATABASE_URL
  if (server === undefined) {
    console.log('left out: PostgreSQL, because TEST_DATABASE_URL is not set')
    return rows
  }
  await using scratch = await scratchPostgres(server)
  await using database = await openPostgres({ url: scratch.url })
  await migrateUp(database)
  rows.push(...(await measure('PostgreSQL', database, MESSAGES)))
  return rows
}

type Db = Kysely<CityTables>

async function measure(name: string, database: Database, messages: number): Promise<Row[]> {
  const db: Db = database.kysely.withTables<CityTables>()
  const chance = mulberry(7)
  const begun = performance.now()
  await fill(db, chance, messages)
  console.log(`${name}: ${messages} messages made in ${Math.round((performance.now() - begun) / 1000)} s`)
  const questions = await ask(db)
  const events = testEvents(database)
  let vector: Float32Array = new Float32Array(0)
  const model: Embeddings = {
    name: 'bench',
    model: MODEL,
    dimensions: 384,
    semantic: true,
    missing: () => Promise.resolve(null),
    embed: async () => [vector],
  }
  const service = createSearch({
    db,
    events,
    clock: systemClock,
    embeddings: async () => model,
    failed: (failure) => {
      throw failure
    },
  })
  const call = { principal: ASKER, service: null, requestId: 'bench', signal: new AbortController().signal }
  const took: number[] = []
  const exactly: number[] = []
  let found = 0
  for (const [i, question] of [...questions.slice(0, 5), ...questions].entries()) {
    vector = question.vector
    const from = performance.now()
    const q = `${word(chance)} ${word(chance)}`
    await service.handlers.search({ q, mode: 'both', has: [], limit: 20 }, call)
    const between = performance.now()
    const near = (await byMeaning(db, vector, MODEL, SCOPE)).slice(0, TOP)
    const exact = performance.now()
    const truth = await exactScan(db, vector)
    // The first few warm the caches.
    if (i < 5) continue
    took.push(between - from)
    exactly.push(performance.now() - exact)
    const known = new Set(near.map(({ message }) => message))
    found += truth.filter((message) => known.has(message)).length
  }
  const [ours, peer] = [p95(took), p95(exactly)]
  const recall = found / (QUESTIONS * TOP)
  return [
    {
      what: `search of ${messages} messages, ${(OPEN / ROOMS) * 100} % readable, ${name}, p95`,
      ours: `${ours.toFixed(0)} ms words and meaning`,
      peer: `${peer.toFixed(0)} ms exact scan of vectors alone`,
      ratio: ours / peer,
      goal: `≤ ${GOAL_P95_MS} ms`,
      met: ours <= GOAL_P95_MS,
    },
    {
      what: `recall@${TOP} by the index, ${name}`,
      ours: recall.toFixed(3),
      peer: '1.000 exact scan',
      ratio: recall,
      goal: `≥ ${GOAL_RECALL}`,
      met: recall >= GOAL_RECALL,
    },
  ]
}

/** What the index answers, without the index. */
async function exactScan(db: Db, vector: Float32Array): Promise<string[]> {
  return await db.transaction().execute(async (tx) => {
    await sql`set local enable_indexscan = off`.execute(tx)
    const { rows } = await sql<{ message: string }>`
      select v.message from city.search_vector v
      where v.model = ${MODEL} and v.room in (
        select r.id from city.room r left join city.member own on own.room = r.id and own.principal = ${ASKER.id}
        where own.membership is not null or r.visibility = 'public')
      order by v.embedding <=> ${`[${vector.join(',')}]`}::vector limit ${TOP}`.execute(tx)
    return rows.map(({ message }) => message)
  })
}

async function fill(db: Db, chance: () => number, messages: number): Promise<void> {
  await sql`
    insert into city.room (id, slug, name, visibility, reply_policy, created_at)
    select 'room_' || i, 'room-' || i, 'Room ' || i, 'private', '{"mode":"off","agents":[]}', now()
    from generate_series(1, ${ROOMS}::int) i`.execute(db)
  await sql`
    insert into city.member (room, principal, membership, joined_at)
    select 'room_' || i, ${ASKER.id}, 'member', now() from generate_series(1, ${OPEN}::int) i`.execute(db)
  // The indexes are made at the end, as a restored backup has them.
  const { rows: later } = await sql<{ name: string; definition: string }>`
    select indexname as name, indexdef as definition from pg_indexes
    where schemaname = 'city' and indexname in ('search_vector_nearest', 'search_entry_words')`.execute(db)
  for (const { name } of later) await sql`drop index city.${sql.id(name)}`.execute(db)
  const BATCH = 2_000
  for (let from = 0; from < messages; from += BATCH) {
    const texts = Array.from({ length: BATCH }, () =>
      Array.from({ length: 12 }, () => word(chance)).join(' '),
    )
    const rooms = texts.map(() => `room_${1 + Math.floor(chance() * ROOMS)}`)
    const words = texts.map((text) => [...new Set(stems(text))].join(' '))
    await sql`
      with said as (
        select 'msg_' || lpad((${from}::int + n)::text, 8, '0') as id, ${from}::int + n as seq, text, room, words
        from unnest(${texts}::text[], ${rooms}::text[], ${words}::text[]) with ordinality as t (text, room, words, n)
      ), stored as (
        insert into city.message (id, room, seq, author, author_kind, author_name, client_id, body_hash, text, created_at)
        select id, room, seq, 'p_' || seq % 50, 'person', 'Resident', id, '', text, now() - seq * interval '1 second' from said
        returning id)
      insert into city.search_entry (message, part, room, kind, at, words, digest)
      select id, -1, room, 'message', now() - seq * interval '1 second', array_to_tsvector(string_to_array(words, ' ')), '' from said`.execute(
      db,
    )
  }
  await vectors(db, messages)
  await sql`insert into city.search_model (model, state) values (${MODEL}, 'live')`.execute(db)
  await db.transaction().execute(async (tx) => {
    await sql`set local maintenance_work_mem = '400MB'`.execute(tx)
    await sql`set local statement_timeout = 0`.execute(tx)
    for (const { definition } of later) await sql.raw(definition).execute(tx)
  })
  await sql`analyze`.execute(db)
}

/** Around each topic lie the messages about it. */
async function vectors(db: Db, messages: number): Promise<void> {
  await sql`create table bench_basis as
    select i, (select array_agg(random() - 0.5) from generate_series(1, 384) g where g + i > 0)::vector(384) as v
    from generate_series(1, ${TOPICS + NOISES}::int) i`.execute(db)
  await sql`alter table bench_basis add primary key (i)`.execute(db)
  for (let from = 0; from < messages; from += 10_000)
    await sql`
      insert into city.search_vector (message, part, passage, model, room, digest, start_at, end_at, embedding)
      select e.message, -1, 0, ${MODEL}, e.room, '', 0, 10, l2_normalize(topic.v + near.v + far.v)
      from (select message, room, substr(message, 5)::bigint as n from city.search_entry
        order by message limit 10000 offset ${from}) e
      join bench_basis topic on topic.i = 1 + (e.n * 7919) % ${TOPICS}::int
      join bench_basis near on near.i = 1 + ${TOPICS}::int + (e.n * 104729) % ${NEAR}::int
      join bench_basis far on far.i = 1 + ${TOPICS}::int + (e.n * 1299709) % ${FAR}::int`.execute(db)
}

/** Questions lie beside topics too, but where no message does. */
async function ask(db: Db): Promise<{ vector: Float32Array }[]> {
  const { rows } = await sql<{ v: string }>`
    select l2_normalize(topic.v + noise.v)::text as v from generate_series(1, ${QUESTIONS}::int) q
    join bench_basis topic on topic.i = 1 + (q * 31) % ${TOPICS}::int
    join bench_basis noise on noise.i = 1 + ${TOPICS}::int + (q * 17) % ${NOISES}::int`.execute(db)
  return rows.map(({ v }) => ({ vector: Float32Array.from(JSON.parse(v) as number[]) }))
}

/** One of 20,000 words, the first ones said most, as Zipf found. */
function word(chance: () => number): string {
  let rank = Math.floor(20_000 ** chance())
  let text = ''
  for (; rank > 0; rank = Math.floor(rank / 20))
    text += 'бвгджзклмнпрстфхцчшщ'.charAt(rank % 20) + 'аиоеу'.charAt(rank % 5)
  return `слово${text}`
}

const p95 = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? 0

/** Chance that is the same each time (mulberry32). */
function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
