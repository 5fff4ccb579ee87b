import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { setPriority, tmpdir } from 'node:os'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { FromChild, ToChild } from './protocol.ts'

/** A running child process with a memory limit. Its owner ends it with `kill`; nothing ends it gently, for it holds nothing worth saving. */
export interface Child<To extends object = ToChild> {
  readonly pid: number
  /** Resolves when the message is on its way; rejects when the child is gone. */
  send(message: To): Promise<void>
  /** SIGKILL, to the child and what it started. */
  kill(): void
  /** Resolves when it has ended, however it ended, and nothing more will be heard. */
  readonly ended: Promise<void>
}

export interface ChildOptions<From = FromChild> {
  readonly entry: URL
  readonly memoryLimitBytes: number
  /** Worker threads that the child starts itself; none where nothing is said. */
  readonly threads?: number | undefined
  onMessage(message: From): void
}

/**
 * The URL of a module beside the calling one, in its own form: `.ts` from the sources, `.js` when built.
 * `childModule(import.meta.url, './parser.child')`.
 */
export function childModule(from: string, path: string): URL {
  return new URL(path + (from.endsWith('.ts') ? '.ts' : '.js'), from)
}

/**
 * Starts `entry` in a process of its own: its own process group, a small environment without our secrets, no output, a lower priority, and
 * `RLIMIT_DATA` (heap, Buffers, WebAssembly and native memory together) set by the shell that becomes it. On Windows, which has no such
 * limit, only V8's heap is bounded.
 */
export function startChild<From = FromChild, To extends object = ToChild>({
  entry,
  memoryLimitBytes,
  threads = 0,
  onMessage,
}: ChildOptions<From>): Child<To> {
  const path = fileURLToPath(entry)
  const heapMb = Math.max(64, Math.floor((memoryLimitBytes / (1 << 20)) * 0.75))
  const loader = path.endsWith('.ts') ? ['--import', sourceLoader()] : []
  const args = [`--max-old-space-size=${heapMb}`, '--no-warnings', ...loader, path]
  const limited = process.platform !== 'win32'
  // What reads TypeScript compiles in a thread of its own where it has not compiled a file before.
  const isolates = 1 + threads + (loader.length > 0 ? 1 : 0)
  const limitKb = Math.ceil((memoryLimitBytes + codeReserve() * isolates) / 1024)
  const child = spawn(
    limited ? '/bin/sh' : process.execPath,
    limited ? ['-c', LIMITED, process.execPath, String(limitKb), ...args] : args,
    {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
      detached: limited,
      env: { PATH, TMPDIR: tmpdir(), LANG: 'C.UTF-8' },
    },
  )
  const pid = child.pid ?? 0
  lowerPriority(pid)
  const ended = new Promise<void>((resolve) => {
    child.on('error', () => {
      if (child.pid === undefined) resolve()
    })
    child.once('exit', () => {
      if (limited) killGroup(pid)
      resolve()
    })
  })
  child.on('message', onMessage)
  return {
    pid,
    ended,
    kill: () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      if (limited) killGroup(pid)
      child.kill('SIGKILL')
    },
    send: (message) =>
      new Promise((resolve, reject) => {
        if (!child.connected) return reject(new Error('the child is gone'))
        child.send(message, (error) => (error ? reject(error) : resolve()))
      }),
  }
}

// The machine's own killer takes a child before the server; the kernel takes the child when the server is killed.
const LIMITED = `
echo 700 2>/dev/null >/proc/self/oom_score_adj
ulimit -d "$1" || exit 126
shift
if setpriv --pdeathsig KILL true 2>/dev/null; then exec setpriv --pdeathsig KILL "$0" "$@"; fi
exec "$0" "$@"`

let reserve: number | undefined

/**
 * What each thread of this Node maps for machine code and hardly fills: half a gigabyte in later versions (V8's `kMaximalCodeRangeSize`), next to
 * nothing in earlier ones. `RLIMIT_DATA` counts it where it is writable, although it is no memory, so it comes on top of the limit. We map the
 * same, so ours is looked at; in a process that works it may lie in many pieces.
 */
function codeReserve(): number {
  reserve ??= writableCode() >= 64 << 20 ? CODE_RANGE : 0
  return reserve
}

const CODE_RANGE = 512 << 20

function writableCode(): number {
  try {
    const maps = readFileSync('/proc/self/maps', 'utf8')
    const pieces = [...maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rwxp/gm)]
    return pieces.reduce(
      (sum, [, from = '', to = '']) => sum + Number.parseInt(to, 16) - Number.parseInt(from, 16),
      0,
    )
  } catch {
    return 0
  }
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin'

const sourceLoader = (): string => pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, 5)
  } catch {
    // A child that is already gone, or a machine that does not allow it: then it runs at our own priority.
  }
}

function killGroup(pid: number): void {
  if (pid <= 1) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // No such group: everything in it has ended.
  }
}
