import { performance } from 'node:perf_hooks'
import type { Database } from '../src/platform/database/database.ts'
import { migrateUp } from '../src/platform/database/migrate.ts'
import { openPostgres } from '../src/platform/database/postgres.ts'
import type { KnowledgeTables } from '../src/services/knowledge/knowledge.tables.ts'
import { temporaryFolder } from '../test/kit/city.ts'
import { testDatabase } from '../test/kit/database.ts'
import { scratchPostgres } from '../test/kit/postgres.ts'
import { openLibrary } from './library.ts'
import { cpuOf, memoryOf, type Row } from './measure.ts'

const DOCUMENTS = 1_000
const PARAGRAPHS = 12
const LONGEST_MS = 30 * 60_000
const FLAT = 1.15

/** A thousand documents of a page or two posted at once: how many a second are read, cut, indexed and embedded by letters, and how much memory this process and its children hold at the start, in the middle and at the end. Halfway the service is stopped and another one goes on. On PostgreSQL where `TEST_DATABASE_URL` says so. */
export async function ingest(): Promise<readonly Row[]> {
  const server = process.env.TEST_DATABASE_URL
  if (server === undefined) {
    await using database = await testDatabase()
    return await measure('PGlite', database)
  }
  await using scratch = await scratchPostgres(server)
  await using database = await openPostgres({ url: scratch.url })
  await migrateUp(database)
  return await measure('PostgreSQL', database)
}

async function measure(name: string, database: Database): Promise<Row[]> {
  const db = database.kysely.withTables<KnowledgeTables>()
  const counted = async (): Promise<number> => {
    const { n } = await db
      .selectFrom('knowledge.document')
      .select((make) => make.fn.countAll<string | number>().as('n'))
      .where('state', '=', 'done')
      .executeTakeFirstOrThrow()
    return Number(n)
  }
  using folder = temporaryFolder()
  const began = performance.now()
  const used = process.cpuUsage()
  const memory: number[] = []
  let children = 0
  let before = 0
  /** Until so many are read; answers what the processes hold by then. */
  const go = async (from: number, to: number, checks: readonly number[]) => {
    await using library = await openLibrary(database, undefined, { folder: folder.path, letters: true })
    for (let n = from; n < to; n++) await library.post(`${n}.md`, Buffer.from(documentOf(n)))
    await library.start()
    let next = 0
    for (;;) {
      const done = await counted()
      if (done >= (checks[next] ?? Number.POSITIVE_INFINITY)) {
        globalThis.gc?.()
        const pids = library.children()
        memory.push(memoryOf(process.pid) + pids.reduce((sum, pid) => sum + memoryOf(pid), 0))
        next += 1
      }
      if (next === checks.length) {
        children += library.children().reduce((sum, pid) => sum + cpuOf(pid), 0)
        before = done
        return
      }
      if (performance.now() - began > LONGEST_MS) throw new Error(`only ${done} documents were read`)
      await new Promise((wake) => setTimeout(wake, 50))
    }
  }
  // All are posted in the first life; the second takes up what it left.
  await go(0, DOCUMENTS, [100, DOCUMENTS / 2])
  const left = before
  await go(DOCUMENTS, DOCUMENTS, [Math.ceil((DOCUMENTS * 3) / 4), DOCUMENTS])
  const seconds = (performance.now() - began) / 1000
  const { system, user } = process.cpuUsage(used)
  const [start = 0, , , end = 0] = memory
  const chunks = await db
    .selectFrom('knowledge.chunk')
    .select((make) => [
      make.fn.countAll<string | number>().as('all'),
      make.fn.count<string | number>('id').distinct().as('own'),
    ])
    .executeTakeFirstOrThrow()
  return [
    {
      what: `ingest of ${DOCUMENTS} documents, ${Number(chunks.all)} passages, ${name}, stopped after ${left} and taken up again`,
      ours: `${(DOCUMENTS / seconds).toFixed(1)} documents/s, ${((system + user + children) / DOCUMENTS / 1000).toFixed(1)} ms of processor each`,
      peer: `${seconds.toFixed(0)} s in all`,
      ratio: DOCUMENTS / seconds,
      goal: 'all of them, none twice',
      met: (await counted()) === DOCUMENTS,
    },
    {
      what: 'memory of this process and its children meanwhile',
      ours: `${memory.map((mb) => mb.toFixed(0)).join(', ')} MB at 100, half, three quarters and the end`,
      peer: `${start.toFixed(0)} MB at the start`,
      ratio: end / start,
      goal: `≤ ${FLAT}`,
      met: end / start <= FLAT,
    },
  ]
}

/** Each says something else, in both languages, under headings. */
function documentOf(n: number): string {
  const words = ['місто', 'громада', 'сад', 'вода', 'міст', 'school', 'bridge', 'record', 'budget', 'library']
  const word = (at: number) => `${words[(n * 7 + at * 13) % words.length]}${(n * 31 + at * 17) % 997}`
  return Array.from({ length: PARAGRAPHS }, (_, part) => {
    const sentence = Array.from({ length: 40 }, (_, at) => word(part * 40 + at)).join(' ')
    return `${part % 4 === 0 ? `# ${word(part)} ${n}\n\n` : ''}Рішення ${n}.${part}: ${sentence}.`
  }).join('\n\n')
}
