import { access, constants, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import type { Command } from 'commander'
import { Agent } from 'undici'
import { z } from 'zod'
import { openDatabase } from '../compose/open-database.ts'
import { type Config, ConfigError, readConfig } from '../config.ts'
import { sizeLabel } from '../engines/models/models.table.ts'
import { createModels } from '../engines/models/models.ts'
import { systemClock } from '../kernel/clock.ts'
import { deadline } from '../kernel/deadline.ts'
import { migrationStatus } from '../platform/database/migrate.ts'
import { citySocket, fetchOver } from './city-socket.ts'
import { answer, columns, type Terminal } from './terminal.ts'

const State = z.enum(['ok', 'degraded', 'down'])
const Check = z.object({ name: z.string(), state: State, detail: z.string().optional() })
/** One thing looked at: how it is, and what to do about it. */
type Check = z.infer<typeof Check>
/** What `/ready` answers, as far as the doctor reads it. */
const Ready = z.object({ state: State, checks: z.array(Check) })

const EXIT: Readonly<Record<Check['state'], number>> = { ok: 0, degraded: 1, down: 2 }
const VERDICT: Readonly<Record<Check['state'], string>> = {
  ok: 'Everything works.',
  degraded: 'What is marked “!” does not work, or not fully; the rest does.',
  down: 'What is marked “✗” must be mended before the city can work.',
}
const MARK: Readonly<Record<Check['state'], string>> = { ok: '✓', degraded: '!', down: '✗' }

/** `doctor`: one page on what works, what is degraded and what to do. Exit code 0, 1 where something is degraded, 2 where something is broken. */
export function doctorCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('doctor')
    .description('one page: what works, what does not, what to do')
    .option('--json', 'answer as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const checks = await examine(terminal)
      const state = (['down', 'degraded'] as const).find((s) => checks.some((c) => c.state === s)) ?? 'ok'
      const rows = checks.map((c) => [MARK[c.state], c.name, c.detail ?? ''])
      answer(terminal, json, { state, checks }, `${columns(rows)}\n\n${VERDICT[state]}`)
      exit(EXIT[state])
    })
}

async function examine(terminal: Terminal): Promise<readonly Check[]> {
  const node = nodeVersion(process.versions.node)
  let config: Config
  try {
    config = readConfig(terminal.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return [node, ...error.faults.map((detail): Check => ({ name: 'configuration', state: 'down', detail }))]
  }
  const base: Check[] = [
    node,
    { name: 'configuration', state: 'ok' },
    await dataFolder(config),
    await diskSpace(config),
  ]
  const [city, models, llm] = await Promise.all([runningCity(config), localModels(config), language(config)])
  const database = city.running ? [] : await storedDatabase(config)
  return [...base, ...city.checks, ...database, ...models, llm]
}

const OLDEST_NODE = [20, 19] as const

function nodeVersion(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const old = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])
  const detail = old ? `${version}; install Node ${OLDEST_NODE.join('.')} or newer` : version
  return { name: 'Node', state: old ? 'down' : 'ok', detail }
}

async function dataFolder({ dataDir }: Config): Promise<Check> {
  const name = 'data folder'
  try {
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
    return { name, state: 'ok', detail: dataDir }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { name, state: 'ok', detail: `${dataDir} is made at the first start` }
    const detail = `${dataDir} cannot be written; give it to the user who runs the city`
    return { name, state: 'down', detail }
  }
}

const LITTLE_BYTES = 1e9
const TOO_LITTLE_BYTES = 100e6

async function diskSpace({ dataDir }: Config): Promise<Check> {
  const name = 'disk space'
  const { bavail, bsize } = await statfs(dataDir).catch(() => statfs(process.cwd()))
  const free = bavail * bsize
  const detail = `${(free / 1e9).toFixed(1)} GB free`
  if (free >= LITTLE_BYTES) return { name, state: 'ok', detail }
  return { name, state: free < TOO_LITTLE_BYTES ? 'down' : 'degraded', detail: `${detail}; make room` }
}

const READY_MS = 10_000

async function runningCity({ dataDir }: Config): Promise<{ running: boolean; checks: Check[] }> {
  const agent = new Agent({ connect: { socketPath: citySocket(dataDir) } })
  try {
    const signal = deadline(READY_MS)
    const response = await fetchOver(agent)(new URL('http://localhost/ready'), { signal })
    const ready = Ready.parse(await response.json())
    const checks = ready.checks.map((check) => ({ ...check, name: `city: ${check.name}` }))
    return { running: true, checks: [{ name: 'city', state: 'ok', detail: 'running' }, ...checks] }
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError')
      return {
        running: true,
        checks: [{ name: 'city', state: 'down', detail: 'runs, but did not answer in 10 s; start it anew' }],
      }
    const detail = 'not running; start it with: npm start'
    return { running: false, checks: [{ name: 'city', state: 'degraded', detail }] }
  } finally {
    await agent.destroy()
  }
}

/** Looks at the database of a city that does not run. */
async function storedDatabase(config: Config): Promise<Check[]> {
  const embedded = !config.secrets.databaseUrl
  if (embedded && !(await exists(join(config.dataDir, 'database'))))
    return [{ name: 'database', state: 'ok', detail: 'embedded; made at the first start' }]
  try {
    const database = await openDatabase(config)
    try {
      await database.ping()
      const kind = embedded ? 'embedded' : 'PostgreSQL'
      const states = await migrationStatus(database)
      return [{ name: 'database', state: 'ok', detail: kind }, migrations(states)]
    } finally {
      await database[Symbol.asyncDispose]()
    }
  } catch (error) {
    return [{ name: 'database', state: 'down', detail: error instanceof Error ? error.message : 'no answer' }]
  }
}

function migrations(states: Awaited<ReturnType<typeof migrationStatus>>): Check {
  const name = 'migrations'
  const changed = states.filter((migration) => migration.changed).map((migration) => migration.name)
  if (changed.length > 0) {
    const detail = `${changed.join(', ')}: not the files that were applied; install the version that made them`
    return { name, state: 'down', detail }
  }
  const waiting = states.filter(({ appliedAt }) => appliedAt === null).length
  if (waiting === 0) return { name, state: 'ok', detail: `all ${states.length} applied` }
  return { name, state: 'degraded', detail: `${waiting} not applied; the next start applies them` }
}

const WITHOUT: Readonly<Record<'stt' | 'embeddings' | 'vision' | 'ocr', string>> = {
  stt: 'voice is not written down',
  embeddings: 'search goes by letters, not by meaning',
  vision: 'photos are shown and their text is read, but nothing says what they show',
  ocr: 'pictures are read by tesseract alone',
}

async function localModels({ modelsDir, modelsMirror, whisper }: Config): Promise<Check[]> {
  const mirror = modelsMirror === null ? {} : { mirror: modelsMirror }
  const list = await createModels({
    dir: modelsDir,
    clock: systemClock,
    wanted: [whisper.model],
    ...mirror,
  }).list()
  return list.map(({ name, state, engine, sizeBytes }): Check => {
    const check = `model ${name}`
    if (state === 'ready') return { name: check, state: 'ok', detail: sizeLabel(sizeBytes) }
    const mend = `npm run models -- pull ${name} (${sizeLabel(sizeBytes)})`
    return { name: check, state: 'degraded', detail: `${state}: ${WITHOUT[engine]}. Install it: ${mend}` }
  })
}

const LLM_MS = 5_000

async function language({ llm, secrets }: Config): Promise<Check> {
  const name = 'language model'
  if (!llm)
    return { name, state: 'ok', detail: 'none: the librarian answers with passages; LLM_URL names a model' }
  const at = new URL(llm.url).host
  try {
    const key = secrets.llmKey
    const response = await fetch(`${llm.url.replace(/\/$/, '')}/models`, {
      headers: key ? { authorization: `Bearer ${key.reveal()}` } : {},
      signal: deadline(LLM_MS),
    })
    await response.body?.cancel()
    if (response.status === 401 || response.status === 403)
      return { name, state: 'degraded', detail: `${at} refuses the key; look at LLM_KEY` }
    return { name, state: 'ok', detail: `${llm.model} at ${at}` }
  } catch {
    const detail = `${at} does not answer; look at LLM_URL. Until then the librarian answers`
    return { name, state: 'degraded', detail }
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
