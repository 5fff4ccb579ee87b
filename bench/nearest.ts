import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Kysely, sql } from 'kysely'
import pg from 'pg'
import type { Embeddings } from '../src/engines/embeddings/embeddings.ts'
import { lexicalRerank } from '../src/engines/rerank/lexical.ts'
import { stems } from '../src/engines/words/stems.ts'
import { systemClock } from '../src/kernel/clock.ts'
import type { Client } from '../src/kernel/contract.ts'
import { createIds } from '../src/kernel/ids.ts'
import type { Principal } from '../src/kernel/principal.ts'
import { Secret } from '../src/kernel/secret.ts'
import type { Database } from '../src/platform/database/database.ts'
import { migrateUp } from '../src/platform/database/migrate.ts'
import { openPglite } from '../src/platform/database/pglite.ts'
import { openPostgres } from '../src/platform/database/postgres.ts'
import { openDisk } from '../src/platform/files/disk.ts'
import type { cityContract } from '../src/services/city/city.contract.ts'
import type { KnowledgeTables } from '../src/services/knowledge/knowledge.tables.ts'
import { createKnowledge } from '../src/services/knowledge/knowledge.ts'
import type { Scope } from '../src/services/knowledge/scope.ts'
import { createVectors } from '../src/services/knowledge/vectors.ts'
import { testCluster, testEvents } from '../test/kit/database.ts'
import type { Row } from './measure.ts'
import { type Corpus, corpus, DIMENSIONS } from './nearest.corpus.ts'

const CHUNKS = 100_000
const ROOMS = 100
const A_DOCUMENT = 100
const A_PAGE = 10
/** Rooms of a hundred that a reader of little may read. */
const FEW = 5
const QUESTIONS = 100
const WARM = 10
const TOP = 10
const CANDIDATES = 50
const MODEL = 'bench/1'
const ASKER: Principal = { id: 'p_bench', kind: 'person', name: 'Bench', role: 'resident' }
const GOALS = { all: { recall: 0.99, ms: 3 }, few: { recall: 0.98, ms: 6 } } as const
/** Where the embedded database and what is built for it lie from one run to the next. */
const CACHE = join(tmpdir(), 'daarion-bench-nearest')

type Db = Kysely<KnowledgeTables>

/** Searching 100,000 passages by the knowledge service on PostgreSQL: request in, ranked out, embedding apart; how much of what an exact scan finds its index finds, for who may read all and for who may read a twentieth. Vectors are made, not embedded: clusters that lie close together, as those of texts do. What is built once is kept on the server. */
export async function nearest(): Promise<readonly Row[]> {
  const server = process.env.TEST_DATABASE_URL
  if (server === undefined) {
    console.log('left out: PostgreSQL, because TEST_DATABASE_URL is not set')
    return []
  }
  const made = corpus(CHUNKS, QUESTIONS + WARM)
  await using database = await keptPostgres(server, `${await tablesKey()}_${CHUNKS}`, made)
  return await measure('PostgreSQL', database, made, 1)
}

/** The same in the embedded database, whose index takes minutes; it is kept in the temporary folder. */
export async function nearestEmbedded(): Promise<readonly Row[]> {
  const made = corpus(CHUNKS, QUESTIONS + WARM)
  await using database = await keptPglite(`${await tablesKey()}_${CHUNKS}`, made)
  return await measure('PGlite', database, made, 2)
}

/** Changes with the tables of knowledge. */
async function tablesKey(): Promise<string> {
  const hash = createHash('sha256')
  const folder = join(import.meta.dirname, '../migrations')
  for (const name of (await readdir(folder)).sort())
    if (/knowledge|collections/.test(name)) hash.update(await readFile(join(folder, name)))
  return hash.digest('hex').slice(0, 12)
}

async function keptPglite(key: string, made: Corpus): Promise<Database> {
  const dataDir = join(CACHE, key)
  const ready = join(CACHE, `${key}.ready`)
  const kept = await stat(ready).then(
    () => true,
    () => false,
  )
  if (!kept) await rm(dataDir, { recursive: true, force: true })
  await mkdir(CACHE, { recursive: true })
  const database = await openPglite({ dataDir, image: await testCluster(), waitMs: 600_000 })
  if (!kept) {
    await fill('PGlite', database.kysely.withTables<KnowledgeTables>(), made)
    await writeFile(ready, '')
  }
  return database
}

async function keptPostgres(server: string, key: string, made: Corpus): Promise<Database> {
  const name = `bench_nearest_${key}`
  const url = new URL(server)
  url.pathname = `/${name}`
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  const { rows } = await client.query(
    'select shobj_description(oid, $2) as told from pg_database where datname = $1',
    [name, 'pg_database'],
  )
  const kept = rows[0]?.told === 'ready'
  if (!kept) {
    await client.query(`drop database if exists ${name}`)
    await client.query(`create database ${name}`)
  }
  const database = await openPostgres({ url: new Secret(url.href) })
  if (!kept) {
    await migrateUp(database)
    await fill('PostgreSQL', database.kysely.withTables<KnowledgeTables>(), made)
    await client.query(`comment on database ${name} is 'ready'`)
  }
  await client.end()
  return database
}

async function measure(name: string, database: Database, made: Corpus, slower: number): Promise<Row[]> {
  const db = database.kysely.withTables<KnowledgeTables>()
  const folder = join(CACHE, `own-${randomUUID()}`)
  await using files = await openDisk({ folder })
  let vector: Float32Array = new Float32Array()
  const model: Embeddings = {
    name: 'bench',
    model: MODEL,
    dimensions: DIMENSIONS,
    semantic: true,
    missing: () => Promise.resolve(null),
    embed: async () => [vector],
  }
  let open = new Set<string>()
  const nobody = async () => {
    throw new Error('nothing is read here')
  }
  const service = createKnowledge({
    db: database,
    events: testEvents(database),
    files,
    own: files,
    parser: { name: 'none', parse: nobody },
    openLink: nobody,
    ocr: [],
    embeddings: async () => model,
    rerank: [lexicalRerank],
    // The service asks the city for nothing else here.
    city: {
      readable: async ({ rooms }: { rooms: string[] }) => ({ rooms: rooms.filter((room) => open.has(room)) }),
    } as unknown as Client<typeof cityContract>,
    clock: systemClock,
    ids: createIds(systemClock),
  })
  const vectors = createVectors(db, database.driver)
  const call = { principal: ASKER, service: null, requestId: 'bench', signal: new AbortController().signal }
  const rows: Row[] = []
  for (const [who, rooms] of [
    ['all', ROOMS],
    ['few', FEW],
  ] as const) {
    const numbers = Array.from({ length: rooms }, (_, i) => i + 1)
    open = new Set(numbers.map((i) => `room_${i}`))
    const scope: Scope = { collections: numbers.map((i) => `col_${i}`) }
    const took: number[] = []
    const near: number[] = []
    const exactly: number[] = []
    let found = 0
    for (const [i, question] of made.questions.entries()) {
      vector = question.vector
      const began = performance.now()
      const { items } = await service.handlers.search({ query: question.text, limit: TOP }, call)
      const searched = performance.now()
      const hits = await vectors.nearest(question.vector, MODEL, scope, CANDIDATES, 'cyrillic')
      const ranked = performance.now()
      if (i < WARM) continue
      const truth = await exact(db, question.vector, scope)
      took.push(searched - began)
      near.push(ranked - searched)
      exactly.push(performance.now() - ranked)
      if (items.length === 0) throw new Error('a question found nothing')
      const top = new Set(hits.slice(0, TOP))
      found += truth.filter((chunk) => top.has(chunk)).length
    }
    const recall = found / (QUESTIONS * TOP)
    const goal = GOALS[who]
    const about = `${CHUNKS} passages, ${(rooms / ROOMS) * 100} % readable, ${name}`
    const line = (what: string, ours: number, ms: number | null): Row => ({
      what: `${what}, ${about}, p95`,
      ours: `${ours.toFixed(1)} ms`,
      peer: `${p95(exactly).toFixed(1)} ms exact scan of vectors alone`,
      ratio: ours / p95(exactly),
      goal: ms === null ? '' : `≤ ${ms} ms`,
      met: ms === null || ours <= ms,
    })
    rows.push(
      {
        what: `recall@${TOP}, ${about}`,
        ours: recall.toFixed(4),
        peer: '1.000 exact scan',
        ratio: recall,
        goal: `≥ ${goal.recall}`,
        met: recall >= goal.recall,
      },
      line('nearest passages by vector', p95(near), goal.ms * slower),
      line('search: words, vector, rerank', p95(took), null),
    )
  }
  await rm(folder, { recursive: true, force: true })
  return rows
}

/** The nearest, one by one. */
async function exact(db: Db, vector: Float32Array, { collections }: Scope): Promise<string[]> {
  const { rows } = await sql<{ chunk: string }>`
    select v.chunk from knowledge.vector v
    where v.model = ${MODEL} and v.collection = any(${[...collections]}::text[])
    order by (v.embedding <=> ${`[${vector.join(',')}]`}::text::vector) + 0 limit ${TOP}`.execute(db)
  return rows.map(({ chunk }) => chunk)
}

/** A thousand documents of a hundred passages in a hundred rooms; the indexes are made at the end, as a restored backup has them. */
async function fill(name: string, db: Db, { passage }: Corpus): Promise<void> {
  const begun = performance.now()
  await sql`insert into knowledge.collection (id, room, created_at)
    select 'col_' || i, 'room_' || i, now() from generate_series(1, ${ROOMS}::int) i`.execute(db)
  await sql`insert into knowledge.document (id, collection, sha256, title, mime, size_bytes, state, total, created_at)
    select 'doc_' || i, 'col_' || 1 + i % ${ROOMS}::int, 'sha ' || i, 'Документ ' || i, 'application/pdf', 1000, 'done', ${A_DOCUMENT / A_PAGE}::int, now()
    from generate_series(0, ${CHUNKS / A_DOCUMENT - 1}::int) i`.execute(db)
  await sql`insert into knowledge.page (document, number, state, text)
    select 'doc_' || i, n, 'read', '' from generate_series(0, ${CHUNKS / A_DOCUMENT - 1}::int) i, generate_series(1, ${A_DOCUMENT / A_PAGE}::int) n`.execute(
    db,
  )
  await sql`insert into knowledge.embedded (document, model, state) select id, ${MODEL}, 'done' from knowledge.document`.execute(
    db,
  )
  const { rows: later } = await sql<{ name: string; definition: string }>`
    select indexname as name, indexdef as definition from pg_indexes
    where schemaname = 'knowledge' and indexname in ('vector_nearest', 'chunk_words')`.execute(db)
  for (const one of later) await sql`drop index ${sql.id('knowledge', one.name)}`.execute(db)
  const BATCH = 1_000
  for (let from = 0; from < CHUNKS; from += BATCH) {
    const all = Array.from({ length: BATCH }, (_, i) => passage(from + i))
    const texts = all.map(({ text }) => text)
    const words = texts.map((text) => [...new Set(stems(text))].join(' '))
    const written = all.map(({ vector }) => `[${vector.join(',')}]`)
    await sql`
      with made as (
        select ${from}::int + n::int - 1 as i, text, words, written
        from unnest(${texts}::text[], ${words}::text[], ${written}::text[]) with ordinality as t (text, words, written, n)
      ), stored as (
        insert into knowledge.chunk (id, document, collection, page, ordinal, start_at, end_at, text, words)
        select 'chunk_' || i, 'doc_' || i / ${A_DOCUMENT}::int, 'col_' || 1 + (i / ${A_DOCUMENT}::int) % ${ROOMS}::int,
          1 + (i % ${A_DOCUMENT}::int) / ${A_PAGE}::int, i % ${A_PAGE}::int, 0, 1, text, array_to_tsvector(string_to_array(words, ' '))
        from made returning id, document, collection, script)
      insert into knowledge.vector (chunk, model, document, collection, script, embedding)
      select s.id, ${MODEL}, s.document, s.collection, s.script, m.written::vector
      from stored s join made m on s.id = 'chunk_' || m.i`.execute(db)
  }
  console.log(`${name}: ${CHUNKS} passages stored in ${seconds(begun)} s`)
  const indexing = performance.now()
  await db.transaction().execute(async (tx) => {
    await sql`set local maintenance_work_mem = '600MB'`.execute(tx)
    await sql`set local statement_timeout = 0`.execute(tx)
    for (const { definition } of later) await sql.raw(definition).execute(tx)
  })
  await sql`analyze`.execute(db)
  console.log(`${name}: indexes built in ${seconds(indexing)} s`)
}

const seconds = (begun: number): number => Math.round((performance.now() - begun) / 1000)

const p95 = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? 0
