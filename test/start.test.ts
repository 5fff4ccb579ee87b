import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { startCity, temporaryFolder } from './kit/city.ts'
import { scratchPostgres } from './kit/postgres.ts'

const { TEST_DATABASE_URL = '' } = process.env
const root = resolve(import.meta.dirname, '..')

/** What an idle city reads from `node_modules/`: logs and sockets. All else waits for its first use. */
const READ_AT_START = [
  '@better-auth/utils',
  '@pinojs/redact',
  'atomic-sleep',
  'on-exit-leak-free',
  'pino',
  'pino-std-serializers',
  'quick-format-unescaped',
  'safe-stable-stringify',
  'sonic-boom',
  'thread-stream',
  'ws',
]
/** Of the bundle's script, which is read through whole, whether it is used or not. */
const MAX_BUNDLE_BYTES = 2_900_000

describe.skipIf(!TEST_DATABASE_URL)('a start on PostgreSQL', () => {
  test('reads no library that an idle city has no use for', async () => {
    const scripts = await scriptsOfAnIdleCity()
    const libraries = new Set(scripts.flatMap((path) => libraryOf(path) ?? []))
    expect([...libraries].filter((name) => !READ_AT_START.includes(name))).toEqual([])
    const bundle = scripts.filter((path) => path.startsWith(join(root, 'dist/')))
    const sizes = new Map(bundle.map((path) => [path.slice(root.length), readFileSync(path)]))
    expect([...sizes.keys()]).toContain('/dist/main.js')
    const bytes = [...sizes.values()].reduce((sum, { length }) => sum + length, 0)
    expect(bytes, [...sizes].map(([path, { length }]) => `${path} ${length}`).join('\n')).toBeLessThan(
      MAX_BUNDLE_BYTES,
    )
    // A letter that is not ASCII doubles what V8 keeps of the whole file.
    const wide = [...sizes].filter(([, text]) => text.some((byte) => byte > 127)).map(([path]) => path)
    expect(wide).toEqual([])
  })
})

/** Every file of script that a city loads until it rests, as Node's own record of what ran has it. */
async function scriptsOfAnIdleCity(): Promise<string[]> {
  await using database = await scratchPostgres(TEST_DATABASE_URL)
  using folder = temporaryFolder()
  const record = join(folder.path, 'record')
  const env = { DATABASE_URL: database.url.reveal(), DATA_DIR: join(folder.path, 'data') }
  const city = await startCity({ ...env, NODE_V8_COVERAGE: record })
  expect(await city.stop()).toBe(0)
  const records = readdirSync(record).map((name) => readFileSync(join(record, name), 'utf8'))
  const loaded = records.flatMap((text) => (JSON.parse(text) as { result: { url: string }[] }).result)
  return [...new Set(loaded.map(({ url }) => url))]
    .filter((url) => url.startsWith('file:'))
    .map((url) => fileURLToPath(url))
}

const libraryOf = (path: string): string | undefined =>
  /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]
