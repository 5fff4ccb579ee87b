import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { freePort } from './ports.ts'

const { TEST_NATS_SERVER, TEST_PG_BIN, TEST_REDIS_SERVER } = process.env

/** A server of the test's own, on loopback, that it may kill. Disposing ends it and takes its data away. */
export interface OwnServer extends AsyncDisposable {
  readonly url: string
  /** SIGKILL, to the server with all its processes; resolves when none is left. */
  kill(): Promise<void>
  /** Starts it again on the data it left; resolves when it answers. */
  start(): Promise<void>
}

/** Whether the programs are there: `TEST_PG_BIN` is a folder, `TEST_NATS_SERVER` and `TEST_REDIS_SERVER` are programs. */
export const canRunServers = Boolean(TEST_PG_BIN && TEST_NATS_SERVER && TEST_REDIS_SERVER)

const START_MS = 60_000
/** PostgreSQL refuses to be root. */
const NOBODY = 65_534
const asPlainUser = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}

/** PostgreSQL with an empty database, its files synced as people's are. */
export async function ownPostgres(): Promise<OwnServer> {
  const folder = openFolder()
  const data = join(folder, 'data')
  mkdirSync(data, { mode: 0o700 })
  if (asPlainUser.uid !== undefined) for (const path of [folder, data]) chownSync(path, NOBODY, NOBODY)
  const bin = (name: string) => join(TEST_PG_BIN ?? '', name)
  const init = ['-D', data, '-U', 'daarion', '--auth=trust', '-E', 'UTF8', '--no-locale', '--no-sync']
  execFileSync(bin('initdb'), init, { ...asPlainUser, cwd: folder, stdio: 'pipe' })
  const port = await freePort()
  const args = ['-D', data, '-p', String(port), '-k', folder, '-c', 'listen_addresses=127.0.0.1']
  const url = `postgres://daarion@127.0.0.1:${port}/postgres`
  return await own(
    folder,
    url,
    () =>
      spawn(bin('postgres'), [...args, '-c', 'max_connections=200'], {
        ...asPlainUser,
        cwd: folder,
        stdio: 'ignore',
      }),
    () => answersSql(url),
  )
}

/** NATS with JetStream, which writes each message to its disk before it says so. */
export async function ownNats(): Promise<OwnServer> {
  const folder = openFolder()
  const port = await freePort()
  const conf = join(folder, 'nats.conf')
  const store = `jetstream { store_dir: "${folder}", sync_interval: always }`
  writeFileSync(conf, `port: ${port}\nhost: 127.0.0.1\n${store}\n`)
  const run = () => spawn(TEST_NATS_SERVER ?? '', ['-c', conf], { stdio: 'ignore' })
  return await own(folder, `nats://127.0.0.1:${port}`, run, () => greets(port))
}

/** Redis that keeps nothing: killed, it comes back empty. */
export async function ownRedis(): Promise<OwnServer> {
  const folder = openFolder()
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const run = () => spawn(TEST_REDIS_SERVER ?? '', args, { cwd: folder, stdio: 'ignore' })
  return await own(folder, `redis://127.0.0.1:${port}`, run, () => greets(port, 'PING\r\n'))
}

async function own(
  folder: string,
  url: string,
  run: () => ChildProcess,
  answers: () => Promise<boolean>,
): Promise<OwnServer> {
  let child: ChildProcess | undefined
  const server: OwnServer = {
    url,
    async start() {
      const started = run()
      child = started
      for (const until = Date.now() + START_MS; ; await pause(20)) {
        if (await answers()) return
        if (started.exitCode !== null || Date.now() > until)
          throw new Error(`${started.spawnfile} did not start`)
      }
    },
    async kill() {
      const dying = child
      child = undefined
      if (!dying?.pid || dying.exitCode !== null) return
      const gone = once(dying, 'exit')
      const all = [dying.pid, ...descendants(dying.pid)]
      for (const pid of all) end(pid)
      await gone
      for (const until = Date.now() + 5000; Date.now() < until && all.some(lives); ) await pause(5)
    },
    async [Symbol.asyncDispose]() {
      await server.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  try {
    await server.start()
    return server
  } catch (failure) {
    await server[Symbol.asyncDispose]()
    throw failure
  }
}

function openFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'server-'))
  chmodSync(folder, 0o755)
  return folder
}

async function answersSql(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Whether something says a word to whoever connects, and says one to it. */
function greets(port: number, word = ''): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const answer = (good: boolean) => {
      socket.destroy()
      resolve(good)
    }
    socket.setTimeout(1000, () => answer(false))
    socket.on('error', () => answer(false))
    socket.on('data', () => answer(true))
    socket.on('connect', () => socket.write(word))
  })
}

/** The processes below one, as Linux knows them. */
function descendants(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
        .split(' ')
        .filter(Boolean)
        .flatMap((child) => [Number(child), ...descendants(Number(child))]),
    )
  } catch {
    return []
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}

function lives(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))
