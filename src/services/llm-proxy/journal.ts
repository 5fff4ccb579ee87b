import { closeSync, mkdirSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { readdir, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { kernelError } from '../../kernel/errors.ts'
import { takeLock } from '../../platform/database/lock.ts'
import type { Payer, Place, UsageRow } from './llm-proxy.tables.ts'

/** What many answers have in common: who pays, who is asked, and which places in the books are charged. */
export interface Shape extends Payer {
  /** Its number within the process that made it. */
  readonly n: number
  readonly kind: string
  readonly model: string
  readonly provider: string
  readonly places: readonly Place[]
}

export type Outcome = Pick<UsageRow, 'tokens_in' | 'tokens_out' | 'nano_usd' | 'ms' | 'counted'>

/** One answer that is or was under way, as the journal and the ledger know it. What it is charged follows from its tokens and its price. */
export interface Entry extends Readonly<Outcome> {
  readonly id: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly shape: Shape
  readonly state: UsageRow['state']
}

/**
 * What a process has under way, in a file that outlives its death by whatever signal (not the machine's power). All that is said within one turn
 * of the event loop is one write.
 */
export interface Journal {
  /** Resolves when it is in the file: nothing that costs is done before. Rejects with `internal` where it could not be written. */
  reserved(entry: Entry): Promise<void>
  settled(id: string, outcome: Outcome): void
  released(id: string): void
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
  let begun = ''
  let over = ''
  let bytes = 0
  let shapes = new Set<number>()
  const nameOf = (count: number) => join(folder, `${process}.${count}${SUFFIX}`)
  let file = openSync(nameOf(turn), 'ax', 0o600)
  let next: { readonly written: Promise<void>; readonly write: () => void } | null = null

  /** An end that cannot be written now is tried again; a beginning is not, for nobody goes on after it. */
  const sync = () => {
    next = null
    if (begun === '' && over === '') return
    const text = begun + over
    begun = ''
    try {
      bytes += write(file, text)
      over = ''
    } catch (cause) {
      shapes = new Set()
      if (over !== '' && over[0] !== '\n') over = `\n${over}`
      throw cause
    }
  }
  const soon = (): Promise<void> => {
    if (next) return next.written
    let write = () => {}
    const written = new Promise<void>((resolve, reject) => {
      write = () => {
        try {
          sync()
          resolve()
        } catch (cause) {
          reject(kernelError('internal', {}, { cause }))
        }
      }
    })
    // Whoever only ends something does not wait.
    written.catch(() => undefined)
    next = { written, write }
    setImmediate(write)
    return written
  }
  return {
    reserved(entry) {
      begun += begunLine(entry, shapes)
      return soon()
    },
    settled(id, outcome) {
      over += settledLine(id, outcome)
      void soon()
    },
    released(id) {
      over += `X["${id}"]\n`
      void soon()
    },
    turn(open) {
      next?.write()
      const following = openSync(nameOf(turn + 1), 'ax', 0o600)
      shapes = new Set()
      let text = ''
      for (const entry of open) text += linesOf(entry, shapes)
      bytes = text === '' ? 0 : write(following, text)
      closeSync(file)
      unlinkSync(nameOf(turn))
      file = following
      turn += 1
    },
    get bytes() {
      return bytes
    },
    async close() {
      next?.write()
      closeSync(file)
      unlinkSync(nameOf(turn))
      await unlock()
    },
  }
}

/** All of it, however little the system takes at a time. */
function write(file: number, text: string): number {
  const bytes = Buffer.from(text)
  for (let from = 0; from < bytes.length; ) from += writeSync(file, bytes, from)
  return bytes.length
}

// Lines of ids that are ours and of numbers are put together by hand: every answer has two.
const begunLine = (entry: Entry, shapes: Set<number>): string => {
  const { id, at, shape, tokens_in, nano_usd } = entry
  const line = `R["${id}",${at},${shape.n},${tokens_in},${nano_usd}]\n`
  if (shapes.has(shape.n)) return line
  shapes.add(shape.n)
  return `D${JSON.stringify(shape)}\n${line}`
}

const settledLine = (id: string, { tokens_in, tokens_out, nano_usd, ms, counted }: Outcome): string =>
  `S["${id}",${tokens_in},${tokens_out},${nano_usd},${ms},${counted}]\n`

const linesOf = (entry: Entry, shapes: Set<number>): string =>
  begunLine(entry, shapes) + (entry.state === 'settled' ? settledLine(entry.id, entry) : '')

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

type Said =
  | readonly [id: string, at: number, shape: number, tokens: number, nanoUsd: number]
  | readonly [string, number, number, number, number, counted: boolean]

function read(text: string): Entry[] {
  const shapes = new Map<number, Shape>()
  const entries = new Map<string, Entry>()
  for (const line of text.split('\n')) {
    const json = parsed(line.slice(1))
    // Written by `openJournal`; a line that death cut in two does not parse.
    if (json === undefined) continue
    if (line[0] === 'D') {
      const shape = json as Shape
      shapes.set(shape.n, shape)
      continue
    }
    const said = json as Said
    const id = said[0]
    const known = entries.get(id)
    if (line[0] === 'X') entries.delete(id)
    else if (line[0] === 'R') {
      const shape = shapes.get(said[2])
      const told = { at: said[1], tokens_in: said[3], tokens_out: 0, nano_usd: said[4], ms: 0, counted: true }
      if (shape && !known) entries.set(id, { id, shape, ...told, state: 'lost' })
    } else if (known) {
      const [, tokens_in, tokens_out, nano_usd, ms, counted = false] = said
      entries.set(id, { ...known, state: 'settled', tokens_in, tokens_out, nano_usd, ms, counted })
    }
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
