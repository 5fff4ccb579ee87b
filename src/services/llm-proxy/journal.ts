import { closeSync, mkdirSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { readdir, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { takeLock } from '../../platform/database/lock.ts'
import type { Charge, UsageRow } from './llm-proxy.tables.ts'

/** One answer that is or was under way, as the journal and the ledger know it. */
export type Entry = Omit<UsageRow, 'at' | 'charges'> & { at: string; charges: readonly Charge[] }
export type Outcome = Pick<Entry, 'tokens_in' | 'tokens_out' | 'nano_usd' | 'ms' | 'counted'>

/**
 * What a process has under way, in a file that outlives its death by whatever signal (not the machine's power). What is reserved is in the file
 * before it is done; an outcome follows within the same turn of the event loop.
 */
export interface Journal {
  reserved(entry: Entry): void
  settled(id: string, outcome: Outcome): void
  released(id: string): void
  /** Writes what was said since. To be called before anything is done that costs. */
  sync(): void
  /** All but these are stored elsewhere: a new file begins with them, and the old one is gone. */
  turn(open: Iterable<Entry>): void
  readonly bytes: number
  /** Ends it; nothing is left behind. */
  close(): Promise<void>
}

const SUFFIX = '.journal'

/** Opens this process's journal in a folder that it shares with others. */
export async function openJournal(folder: string, process: string): Promise<Journal> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const unlock = await takeLock(join(folder, `${process}.lock`), folder)
  let turn = 0
  let pending: string[] = []
  let bytes = 0
  const nameOf = (count: number) => join(folder, `${process}.${count}${SUFFIX}`)
  let file = openSync(nameOf(turn), 'ax', 0o600)
  let scheduled = false

  const sync = () => {
    scheduled = false
    if (pending.length === 0) return
    const text = pending.join('')
    pending = []
    bytes += writeSync(file, text)
  }
  const later = () => {
    if (scheduled) return
    scheduled = true
    setImmediate(sync)
  }
  return {
    reserved: (entry) => void pending.push(`R${JSON.stringify(entry)}\n`),
    settled(id, outcome) {
      pending.push(settledLine(id, outcome))
      later()
    },
    released(id) {
      pending.push(`X${JSON.stringify([id])}\n`)
      later()
    },
    sync,
    turn(open) {
      sync()
      const next = openSync(nameOf(turn + 1), 'ax', 0o600)
      let text = ''
      for (const entry of open) text += linesOf(entry)
      bytes = text === '' ? 0 : writeSync(next, text)
      closeSync(file)
      unlinkSync(nameOf(turn))
      file = next
      turn += 1
    },
    get bytes() {
      return bytes
    },
    async close() {
      sync()
      closeSync(file)
      unlinkSync(nameOf(turn))
      await unlock()
    },
  }
}

const settledLine = (id: string, { tokens_in, tokens_out, nano_usd, ms, counted }: Outcome): string =>
  `S${JSON.stringify([id, tokens_in, tokens_out, nano_usd, ms, counted])}\n`

const linesOf = (entry: Entry): string =>
  `R${JSON.stringify(entry)}\n${entry.state === 'settled' ? settledLine(entry.id, entry) : ''}`

/** What a dead process left: its settled entries, and those that were under way, as lost. */
export interface Remains {
  readonly process: string
  readonly entries: readonly Entry[]
  /** To be called once they are stored. */
  bury(): Promise<void>
}

/** The journals in a folder whose processes live no more. Each is given to one caller alone. */
export async function remains(folder: string): Promise<Remains[]> {
  const files = await readdir(folder).catch(() => [])
  const processes = new Set(files.map((file) => file.split('.')[0] ?? ''))
  const found: Remains[] = []
  for (const process of processes) {
    const unlock = await takeLock(join(folder, `${process}.lock`), folder).catch(() => null)
    if (!unlock) continue
    // Listed once more: meanwhile it may have turned its page, or closed.
    const own = (await readdir(folder)).filter(
      (file) => file.startsWith(`${process}.`) && file.endsWith(SUFFIX),
    )
    const order = (file: string) => Number(file.split('.')[1])
    const texts: string[] = []
    for (const file of own.sort((a, b) => order(a) - order(b)))
      texts.push(await readFile(join(folder, file), 'utf8'))
    found.push({
      process,
      entries: read(texts.join('')),
      async bury() {
        for (const file of own) await unlink(join(folder, file)).catch(() => undefined)
        await unlock()
      },
    })
  }
  return found
}

function read(text: string): Entry[] {
  const entries = new Map<string, Entry>()
  for (const line of text.split('\n')) {
    const said = parsed(line.slice(1))
    // Written by `openJournal`; a line that death cut in two does not parse.
    if (said === undefined) continue
    if (line[0] === 'R') {
      const entry = said as Entry
      if (!entries.has(entry.id)) entries.set(entry.id, { ...entry, state: 'lost' })
      continue
    }
    const [id, tokens_in, tokens_out, nano_usd, ms, counted] = said as [
      string,
      number,
      number,
      number,
      number,
      boolean,
    ]
    const known = entries.get(id)
    if (line[0] === 'X') entries.delete(id)
    else if (known)
      entries.set(id, { ...known, state: 'settled', tokens_in, tokens_out, nano_usd, ms, counted })
  }
  return [...entries.values()]
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
