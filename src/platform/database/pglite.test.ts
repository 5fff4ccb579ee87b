import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdtemp, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundled } from '../../../test/kit/bundled.ts'
import { testDatabase } from '../../../test/kit/database.ts'
import { buildImage, readImage } from './image.ts'
import { migrateUp } from './migrate.ts'
import { openPglite } from './pglite.ts'

const SOURCE = fileURLToPath(new URL('../../../test/kit/pglite.child.ts', import.meta.url))
const ROUNDS = 3

describe('PGlite in a folder', { timeout: 120_000 }, () => {
  let folder: string
  let image: Uint8Array | undefined
  let holder: Awaited<ReturnType<typeof bundled>>
  const at = (name: string) => join(folder, name)
  beforeAll(async () => {
    holder = await bundled(SOURCE)
    folder = await mkdtemp(join(tmpdir(), 'pglite-'))
    await buildImage(at('image'))
    image = await readImage(at('image'))
  })
  afterAll(async () => {
    holder[Symbol.dispose]()
    await rm(folder, { recursive: true, force: true })
  })

  /** Children begin with what the image gives, as the product does. */
  async function laid(name: string): Promise<string> {
    const database = await openPglite({ dataDir: at(name), image })
    await database.ping()
    await database[Symbol.asyncDispose]()
    return at(name)
  }

  test('begins with the image of the build, which is not used when it was made from other migrations', async () => {
    await using database = await openPglite({ dataDir: at('imaged'), image })
    expect(await migrateUp(database)).toEqual([])
    const other = await mkdtemp(at('other-'))
    await writeFile(join(other, '001_x.up.sql'), 'select 1')
    expect(await readImage(at('image'), other)).toBeUndefined()
    expect(await readImage(at('none'))).toBeUndefined()
  })

  test('knows vectors', async () => {
    await using database = await openPglite({ dataDir: at('imaged'), image })
    await sql`create extension if not exists vector`.execute(database.kysely)
    const { rows } = await sql`select '[1,0]'::vector <=> '[0,1]'::vector as d`.execute(database.kysely)
    expect(rows).toEqual([{ d: 1 }])
  })

  test('is one holder’s own: in this process, and among processes by the pid of the living', async () => {
    const dataDir = await laid('locked')
    const child = spawn(process.execPath, [holder.path, dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const gone = once(child, 'exit')
    try {
      await once(createInterface({ input: child.stdout }), 'line')
      await expect(openPglite({ dataDir })).rejects.toMatchObject({
        code: 'database.locked',
        params: { folder: dataDir, pid: child.pid },
      })
    } finally {
      child.kill('SIGKILL')
      await gone
    }
    await using database = await openPglite({ dataDir })
    await database.ping()
    await expect(openPglite({ dataDir })).rejects.toMatchObject({ params: { pid: process.pid } })
  })

  test('a lock whose pid now belongs to another process, or is unreadable, is taken over', async () => {
    const dataDir = at('imaged')
    for (const text of [JSON.stringify({ pid: process.ppid, began: 'another life' }), '', 'x']) {
      await writeFile(join(dataDir, 'lock'), text)
      await using database = await openPglite({ dataDir })
      await database.ping()
    }
    await expect(access(join(dataDir, 'lock'))).rejects.toThrow()
  })

  test('keeps all that was committed, and nothing by halves, when its process is killed', async () => {
    const dataDir = await laid('killed')
    let last = 0
    for (let round = 0; round < ROUNDS; round++) {
      const child = spawn(process.execPath, [holder.path, dataDir], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const gone = once(child, 'exit')
      const lines = createInterface({ input: child.stdout })
      lines.once('line', () => setTimeout(() => child.kill('SIGKILL'), 100 + Math.random() * 400))
      for await (const line of lines) last = Number(line.slice('acked '.length))
      await gone
    }
    expect(last).toBeGreaterThan(ROUNDS)
    await using database = await openPglite({ dataDir })
    const { rows } = await sql<{ most: number; whole: number; half: number }>`
      select max(n) as most, count(*) filter (where n > 0) as whole, count(*) filter (where n < 0) as half
      from kept`.execute(database.kysely)
    expect(rows[0]?.most).toBeGreaterThanOrEqual(last)
    expect(rows[0]?.whole).toBe(rows[0]?.most)
    expect(rows[0]?.half).toBe(rows[0]?.most)
  })

  test('a first start that was torn is begun anew', async () => {
    const dataDir = await laid('torn')
    await unlink(join(dataDir, 'cluster.whole'))
    await unlink(join(dataDir, 'cluster', 'global', 'pg_control'))
    await using database = await openPglite({ dataDir, image })
    await database.ping()
  })

  test('works in a thread of its own: this one goes on', async () => {
    await using database = await openPglite({ dataDir: at('imaged') })
    const delay = monitorEventLoopDelay({ resolution: 5 })
    delay.enable()
    const begun = performance.now()
    await sql`select count(md5(n::text)) from generate_series(1, 2000000) n`.execute(database.kysely)
    const tookMs = performance.now() - begun
    delay.disable()
    expect(tookMs).toBeGreaterThan(300)
    expect(delay.max / 1e6).toBeLessThan(tookMs / 2)
  })
})

test('each test has a database of its own', async () => {
  await using a = await testDatabase()
  await using b = await testDatabase()
  await sql`create table mine (n int)`.execute(a.kysely)
  await expect(sql`select from mine`.execute(b.kysely)).rejects.toMatchObject({ code: '42P01' })
})
