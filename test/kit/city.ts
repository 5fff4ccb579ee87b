import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from '../../bin/build.js'

const root = resolve(import.meta.dirname, '../..')

export interface RunningCity extends AsyncDisposable {
  readonly url: string
  readonly pid: number
  /** Everything it printed so far. */
  readonly output: () => string
  /** The token of `/welcome#…`, where it printed one. */
  readonly welcome: string | undefined
  /** Resolves when the process is gone, however that came about. */
  readonly exited: Promise<unknown>
  /** SIGKILL, as a power cut would; resolves when the process is gone. */
  kill(): Promise<void>
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
}

export const OWNER = { email: 'owner@city.test', password: 'a long enough password', name: 'Олена' }

/** The built city as a process of its own, on a free port of loopback. Builds what is stale first. `env` is all it sees of the environment. */
export async function startCity(
  env: Readonly<Record<string, string>>,
  openMs = 180_000,
): Promise<RunningCity> {
  await built()
  const child = spawn(process.execPath, [join(root, 'dist/main.js')], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'warn',
      ...settingsFiles(env.DATA_DIR ?? join(root, 'data')),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const heard = (chunk: Buffer) => {
    output += chunk.toString()
  }
  child.stdout.on('data', heard)
  child.stderr.on('data', heard)
  const exited = once(child, 'exit')
  const url = await opened(child, () => output, openMs, secretsOf(env))
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal)
      await exited
    }
    return child.exitCode
  }
  return {
    url,
    pid: child.pid ?? 0,
    output: () => output,
    exited,
    welcome: /\/welcome#(\S+)/.exec(output)?.[1],
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    async [Symbol.asyncDispose]() {
      await end('SIGKILL')
    },
  }
}

/** What an operator writes lies with the city's data, so that a test leaves nothing in the project. */
const settingsFiles = (folder: string) => ({
  MODELS_FILE: join(folder, 'models.yaml'),
  MCP_FILE: join(folder, 'mcp.yaml'),
  ROUTER_V1_RULES: join(folder, 'router-v1.yaml'),
  ROUTER_V2_RULES: join(folder, 'router-v2.yaml'),
})

async function opened(
  child: ChildProcess,
  output: () => string,
  openMs: number,
  secrets: readonly string[],
): Promise<string> {
  const until = Date.now() + openMs
  for (;;) {
    const [, url] = / is open at (\S+)\n/.exec(output()) ?? []
    if (url !== undefined) return url
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > until) {
      const how = ending(child, openMs)
      child.kill('SIGKILL')
      throw new Error(`The city did not open: ${how}. Its last lines:\n${lastWords(output(), secrets)}`)
    }
    await new Promise((done) => setTimeout(done, 20))
  }
}

function ending({ exitCode, signalCode }: ChildProcess, openMs: number): string {
  if (signalCode !== null) return `it was ended by ${signalCode}`
  if (exitCode !== null) return `it ended with code ${exitCode}`
  return `it still ran after ${openMs} ms`
}

const LAST_LINES = 60

/** The values of its environment that nobody may read. */
const secretsOf = (env: Readonly<Record<string, string>>): string[] =>
  Object.entries(env)
    .filter(([name, value]) => /KEY|PASSWORD|SECRET|TOKEN/.test(name) && value.length > 0)
    .map(([, value]) => value)

/** The end of what it printed, without secrets it was given and those it made. */
function lastWords(output: string, secrets: readonly string[]): string {
  const shown = secrets.reduce((text, secret) => text.replaceAll(secret, '…'), output)
  return shown
    .replaceAll(/(\/welcome#|\bdk_)\S+/g, '$1…')
    .replaceAll(/(:\/\/[^\s:/@]*):[^\s@/]+@/g, '$1:…@')
    .trimEnd()
    .split('\n')
    .slice(-LAST_LINES)
    .join('\n')
}

let ready: Promise<void> | undefined

/** Brings `dist/` and `web/dist/` up to date once; several test processes take turns. */
export function built(): Promise<void> {
  ready ??= (async () => {
    const lock = join(
      tmpdir(),
      `daarion-build-${createHash('sha256').update(root).digest('hex').slice(0, 12)}.lock`,
    )
    for (let tries = 0; ; tries++)
      try {
        mkdirSync(lock)
        break
      } catch {
        // Whoever built last may have been killed meanwhile.
        if (tries > 900) rmSync(lock, { recursive: true, force: true })
        await new Promise((done) => setTimeout(done, 200))
      }
    try {
      build()
    } finally {
      rmSync(lock, { recursive: true, force: true })
    }
  })()
  return ready
}

/** A folder of its own under the system's temporary one; removed by `Symbol.dispose`. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'city-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}
