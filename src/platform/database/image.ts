import { createHash } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { MIGRATIONS, migrateUp, readMigrations } from './migrate.ts'
import { openPglite } from './pglite.ts'

/** Grows when what initdb is told changes. */
const FORMAT = 1
const PGLITE = '0.5.14'

/** Names the image that fits this build: another key, another image. */
export async function imageKey(folder = MIGRATIONS): Promise<string> {
  const files = await readMigrations(folder)
  const text = [FORMAT, PGLITE, ...files.map(({ name, sha256 }) => `${name} ${sha256}`)].join('\n')
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

/** Makes, at build time, the compressed cluster of an empty migrated database, so that a first start needs neither initdb nor migrations. */
export async function buildImage(outFile: string, folder = MIGRATIONS): Promise<void> {
  const tar = await emptyCluster(folder)
  await writeFile(`${outFile}.part`, await promisify(gzip)(tar, { level: 9 }))
  await writeFile(`${outFile}.key`, await imageKey(folder))
  await rename(`${outFile}.part`, outFile)
}

/** The compressed image in a file, or undefined when there is none or it was made from other migrations. */
export async function readImage(file: string, folder = MIGRATIONS): Promise<Uint8Array | undefined> {
  const key = await readFile(`${file}.key`, 'utf8').catch(() => null)
  if (key !== (await imageKey(folder))) return undefined
  return await readFile(file).catch(() => undefined)
}

/** An empty migrated cluster as a plain tar; takes seconds. */
export async function emptyCluster(folder = MIGRATIONS): Promise<Uint8Array> {
  await using database = await openPglite({ dataDir: null })
  await migrateUp(database, folder)
  return await database.dump()
}
