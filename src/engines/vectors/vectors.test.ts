import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../../../test/kit/database.ts'
import { type ScratchPostgres, scratchPostgres } from '../../../test/kit/postgres.ts'
import { Secret } from '../../kernel/secret.ts'
import type { Database } from '../../platform/database/database.ts'
import { migrateUp } from '../../platform/database/migrate.ts'
import { openPostgres } from '../../platform/database/postgres.ts'
import { createPgvector } from './pgvector.ts'
import { createQdrant } from './qdrant.ts'
import { vectorsConformance } from './vectors.conformance.ts'
import type { Point, Vectors } from './vectors.ts'

const { QDRANT_PYTHON = '', TEST_DATABASE_URL } = process.env
const KEY = new Secret('a key of this test')

/** Points in all directions, a share of which is mine. */
function directions(count: number, share: number): Point[] {
  let state = 7
  const chance = () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return state / 0x7fffffff - 0.5
  }
  return Array.from({ length: count }, (_, i) => ({
    id: `p${String(i).padStart(5, '0')}`,
    vector: Float32Array.from({ length: 8 }, chance),
    text: null,
    payload: { mine: i % Math.round(1 / share) === 0 },
  }))
}
const cosine = (a: Float32Array, b: Float32Array) => {
  const dot = a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)
  return dot / Math.hypot(...a) / Math.hypot(...b)
}
async function recall(
  subject: Vectors,
  name: string,
  points: readonly Point[],
  mine: boolean,
): Promise<number> {
  let found = 0
  const questions = points.slice(0, 20)
  for (const { vector } of questions) {
    const truth = points
      .filter(({ payload }) => !mine || payload.mine === true)
      .map((point) => ({ id: point.id, near: cosine(vector, point.vector) }))
      .sort((a, b) => b.near - a.near)
      .slice(0, 10)
    const filter = mine ? { all: [{ field: 'mine', in: [true] }] } : undefined
    const hits = new Set((await subject.search(name, { vector, filter, limit: 10 })).map(({ id }) => id))
    found += truth.filter(({ id }) => hits.has(id)).length
  }
  return found / questions.length / 10
}

describe('pgvector in PGlite', () => {
  let db: Database
  let subject: Vectors
  beforeAll(async () => {
    db = await testDatabase()
    subject = createPgvector({ db: db.kysely, half: false })
  }, 90_000)
  afterAll(() => db?.[Symbol.asyncDispose]())
  vectorsConformance(() => subject)

  test('leaves nothing of a collection behind', async () => {
    const { rows } = await sql<{ n: number }>`
      select (select count(*)::int from pg_tables where schemaname = 'vectors' and tablename like 'points%')
        - (select count(*)::int from vectors.collection) as n`.execute(db.kysely)
    expect(rows[0]?.n).toBe(0)
  })
})

describe.skipIf(!TEST_DATABASE_URL)('pgvector in PostgreSQL', () => {
  let scratch: ScratchPostgres
  let db: Database
  let subject: Vectors
  beforeAll(async () => {
    scratch = await scratchPostgres(TEST_DATABASE_URL ?? '')
    db = await openPostgres({ url: scratch.url })
    await migrateUp(db)
    subject = createPgvector({ db: db.kysely, half: true })
  }, 90_000)
  afterAll(async () => {
    await db?.[Symbol.asyncDispose]()
    await scratch?.[Symbol.asyncDispose]()
  })
  vectorsConformance(() => subject)

  test('a filter that shuts most out loses nothing, whether it is counted through or the index is read on', async () => {
    const points = directions(3_000, 0.02)
    const space = { dimensions: 8, distance: 'cosine', model: null } as const
    await subject.create('shares', space)
    await subject.upsert('shares', points)
    for (const one of [subject, createPgvector({ db: db.kysely, half: true, countedThrough: 10 })]) {
      expect(await recall(one, 'shares', points, true)).toBeGreaterThanOrEqual(0.98)
      expect(await recall(one, 'shares', points, false)).toBeGreaterThanOrEqual(0.98)
    }
  }, 120_000)
})

describe.skipIf(!QDRANT_PYTHON)('Qdrant over HTTP, a server on its client’s local mode', () => {
  let server: ChildProcessByStdio<Writable, Readable, null>
  let url: string
  let subject: Vectors
  beforeAll(async () => {
    server = spawn(QDRANT_PYTHON, [resolve(import.meta.dirname, '../../../test/kit/qdrant-server.py')], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { QDRANT_TEST_KEY: KEY.reveal() },
    })
    const [line] = (await once(server.stdout, 'data')) as [Buffer]
    url = line.toString().trim()
    subject = createQdrant({ url, key: KEY })
  }, 90_000)
  afterAll(() => void server?.kill('SIGKILL'))
  vectorsConformance(() => subject)

  test('a wrong key is said to be refused', async () => {
    const refused = createQdrant({ url, key: new Secret('another') })
    expect(await refused.missing()).toMatchObject({ code: 'engine.refused', params: { status: 401 } })
  })
})

describe('Qdrant away, or something else', () => {
  test('is a failure that passes, never an answer', async () => {
    let answer: [number, string] = [200, '']
    const server = createServer((_, response) => void response.writeHead(answer[0]).end(answer[1]))
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    const subject = createQdrant({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
    for (const [status, text, code] of [
      [200, 'hello', 'engine.cut'],
      [200, '{"result":{"nothing":"known"}}', 'engine.cut'],
      [503, '{}', 'engine.refused'],
    ] as const) {
      answer = [status, text]
      await expect(subject.count('c')).rejects.toMatchObject({ code, retryable: true })
    }
    await new Promise((closed) => server.close(closed))
    expect(await subject.missing()).toMatchObject({ code: 'engine.unreachable' })
    await expect(subject.count('c')).rejects.toMatchObject({ code: 'engine.unreachable', retryable: true })
  })
})
