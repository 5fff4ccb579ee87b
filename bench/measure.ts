import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Pool } from 'undici'
import { compiled } from './compile.ts'

/** One line of the report: ours, the peer it was measured beside, their ratio, and what was asked of it. */
export interface Row {
  readonly what: string
  readonly ours: string
  readonly peer: string
  readonly ratio: number
  /** Such as `≥ 0.85` or `≤ 4 s`. */
  readonly goal: string
  readonly met: boolean
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

export interface Target extends AsyncDisposable {
  readonly url: string
  readonly pid: number
  /** Tells it something and answers with its next word, within two minutes where nothing is said. */
  ask(said: unknown, withinMs?: number): Promise<unknown>
}

/** A server in a process of its own, from its source; it prints its address first, and ends when this process does. */
export const target = (file: string, ...args: readonly string[]): Promise<Target> =>
  start(['--import', 'tsx', join(import.meta.dirname, 'targets', file), ...args])

/** The same, bundled first, as a server that people run is. */
export const builtTarget = async (file: string, ...args: readonly string[]): Promise<Target> =>
  start([await compiled(file), ...args])

async function start(args: readonly string[]): Promise<Target> {
  const child = spawn(process.execPath, ['--expose-gc', ...args], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  if (!child.stdout) throw new Error('a target has no output')
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return {
    url: line.toString().trim(),
    pid: child.pid ?? 0,
    async ask(said, withinMs = 120_000) {
      const answered = once(child, 'message', { signal: AbortSignal.timeout(withinMs) })
      child.send(said as object)
      const [answer] = (await answered) as [unknown]
      return answer
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

/** User and system time of a process so far, in µs, from the operating system's accounting. */
export function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

/** Resident memory of a process and its children, in megabytes. */
export function memoryOf(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1])
  return (pages * 4096) / 1024 / 1024
}

export interface Slice {
  readonly perSecond: number
  readonly cpuMicroseconds: number
}

/** Sends one request after another over so many connections for so long. */
export async function load(
  at: Target,
  path: string,
  body: string,
  ms: number,
  connections = 16,
): Promise<Slice> {
  const pool = new Pool(at.url, { connections, pipelining: 1 })
  const until = performance.now() + ms
  const cpu = cpuOf(at.pid)
  let done = 0
  const one = async () => {
    while (performance.now() < until) {
      const { statusCode, body: answer } = await pool.request({
        path,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      await answer.dump()
      if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}`)
      done++
    }
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: connections }, one))
  const seconds = (performance.now() - started) / 1000
  await pool.close()
  return { perSecond: done / seconds, cpuMicroseconds: (cpuOf(at.pid) - cpu) / done }
}
