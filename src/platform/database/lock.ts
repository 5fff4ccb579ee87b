import { randomUUID } from 'node:crypto'
import { link, open, readFile, rename, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { databaseError } from './database.errors.ts'

/** Files held by this very process, whose pid a dead process of the same number (in a container, say) may have left behind. */
const held = new Set<string>()
const TRIES = 5

interface Holder {
  readonly pid: number
  /** When that process began, in the kernel's own words; null where the system does not say. */
  readonly began: string | null
}

/** Takes a lock file for this process, for as long as it lives; what a dead process left is taken over. Rejects with `database.locked` when a living one holds it. Resolves with how to let it go. */
export async function takeLock(file: string, folder: string): Promise<() => Promise<void>> {
  if (held.has(file)) throw databaseError('database.locked', { folder, pid: process.pid })
  held.add(file)
  try {
    await take(file, folder)
  } catch (failure) {
    held.delete(file)
    throw failure
  }
  return async () => {
    held.delete(file)
    await unlink(file).catch(() => undefined)
  }
}

async function take(file: string, folder: string): Promise<void> {
  const mine = JSON.stringify({ pid: process.pid, began: await beginning(process.pid), host: hostname() })
  for (let i = 0; i < TRIES; i++) {
    if (await create(file, mine)) return
    const theirs = await readFile(file, 'utf8').catch(() => null)
    if (theirs === null) continue
    const holder = parse(theirs)
    if (holder && (await alive(holder))) throw databaseError('database.locked', { folder, pid: holder.pid })
    await discard(file, theirs)
  }
  throw databaseError('database.locked', { folder, pid: '?' })
}

/** Written aside, then linked into place whole, so that nobody reads half a lock. */
async function create(file: string, text: string): Promise<boolean> {
  const aside = `${file}.${randomUUID()}`
  const handle = await open(aside, 'wx')
  try {
    await handle.writeFile(text)
  } finally {
    await handle.close()
  }
  try {
    await link(aside, file)
    return true
  } catch (failure) {
    if (failure instanceof Error && 'code' in failure && failure.code === 'EEXIST') return false
    throw failure
  } finally {
    await unlink(aside)
  }
}

/** Removes a dead lock; if another process has taken it over meanwhile, its lock is put back. */
async function discard(file: string, stale: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`
  try {
    await rename(file, aside)
  } catch {
    return
  }
  if ((await readFile(aside, 'utf8')) !== stale) await link(aside, file).catch(() => undefined)
  await unlink(aside)
}

async function alive({ pid, began }: Holder): Promise<boolean> {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
  } catch (failure) {
    if (!(failure instanceof Error && 'code' in failure && failure.code === 'EPERM')) return false
  }
  const now = await beginning(pid)
  return began === null || now === null || now === began
}

/** The 22nd field of /proc/PID/stat: its start, in ticks since the machine's. */
async function beginning(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    return `${boot.trim()} ${stat.slice(stat.lastIndexOf(')')).split(' ')[20] ?? ''}`
  } catch {
    return null
  }
}

function parse(text: string): Holder | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('pid' in value) || typeof value.pid !== 'number')
      return null
    return { pid: value.pid, began: 'began' in value && typeof value.began === 'string' ? value.began : null }
  } catch {
    return null
  }
}
