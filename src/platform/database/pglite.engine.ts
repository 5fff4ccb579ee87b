import { readFile } from 'node:fs/promises'
import { setFlagsFromString } from 'node:v8'
import { gunzipSync } from 'node:zlib'
import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'
import { unpack } from './unpack.ts'

/** What an engine is opened with; plain data, so that it can cross to a thread. */
export interface EngineOptions {
  /** The folder of the cluster, or null for memory. */
  readonly folder: string | null
  /** A gzipped or plain tar of a cluster, to begin with where the folder has none. */
  readonly image: string | Uint8Array | null
}

/** An embedded PostgreSQL that is spoken to in PostgreSQL's own wire format, one message after another. */
export interface Engine {
  /** Sends whole frontend messages, resolves with everything answered to them. */
  exchange(message: Uint8Array): Promise<Uint8Array>
  /** The cluster as a plain tar. Nothing may be under way. */
  dump(): Promise<Uint8Array>
  close(): Promise<void>
}

/** Small, for one connection: the defaults reserve 128 MB of buffers and 16 MB log segments. */
const SETTINGS = ['shared_buffers=16MB', 'max_wal_size=64MB', 'min_wal_size=2MB', 'max_connections=4']
const INITDB = ['--wal-segsize=1', '--auth=trust', '-E', 'UTF8', '--locale=C.UTF-8', '--locale-provider=libc']

/** How much of a function of WebAssembly is run before V8 compiles it anew to run faster. Node 20 does so after 1.8 MB, which is most of PostgreSQL while it opens: a third of a start's processor time, for functions that are not called again. */
const TIERING_BYTES = 50_000_000

/** Opens an engine in this thread, which it stalls while it works. */
export async function openEngine({ folder, image }: EngineOptions): Promise<Engine> {
  setFlagsFromString(`--wasm-tiering-budget=${TIERING_BYTES}`)
  // Laid out beforehand where there is a folder: the engine's own way takes five times the memory.
  if (folder !== null && image !== null) unpack(await plain(image), folder)
  const db = await PGlite.create({
    ...(folder !== null && { dataDir: folder }),
    ...(folder === null && image !== null && { loadDataDir: new Blob([await plain(image)]) }),
    extensions: { vector },
    initDbStartParams: INITDB,
    startParams: [...PGlite.defaultStartParams, ...SETTINGS.flatMap((setting) => ['-c', setting])],
  })
  return {
    exchange: (message) => db.execProtocolRaw(message),
    dump: async () => new Uint8Array(await (await db.dumpDataDir('none')).arrayBuffer()),
    close: () => db.close(),
  }
}

async function plain(image: string | Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = typeof image === 'string' ? await readFile(image) : image
  // A Buffer and a message from another thread lie in ordinary memory, never in a SharedArrayBuffer.
  return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes) as Uint8Array<ArrayBuffer>
}
