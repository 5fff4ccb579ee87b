import { createHash } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import { isoTime } from '../../kernel/clock.ts'
import { AppError, ErrorBody } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { AnyTables } from './database.ts'
import { onceError } from './once.errors.ts'

export interface OnceOf {
  /** Whose key it is: nobody shares keys with another. */
  readonly principal: string
  readonly key: string
  /** What is asked; the same key with another one is refused. */
  readonly request: unknown
  readonly signal: AbortSignal
}

/**
 * Does work once for each key: whoever repeats it meanwhile waits, whoever repeats it within 24 hours gets the same answer, refusals too.
 * `token` is the same for whoever takes the work over from a process that died in it. What failed in passing, or was called off, is forgotten: a repeat tries anew.
 */
export type Once = <T>(of: OnceOf, work: (token: string) => Promise<T>) => Promise<T>

interface Row {
  readonly digest: string
  readonly token: string
  readonly state: 'working' | 'done' | 'failed'
  readonly holder: string
  readonly answer: unknown
  readonly free: boolean
  readonly old: boolean
}

const KEEP_MS = 24 * 3_600_000
const LEASE_MS = 30_000
const RENEW_MS = 10_000
const LOOK_MS = 100
const SWEEP_MS = 3_600_000

export function createOnce(needs: {
  readonly db: Kysely<AnyTables>
  /** Such as `router.once`; made by a migration of its service. */
  readonly table: string
  readonly clock: Clock
  readonly ids: Ids
}): Once {
  const { db, clock, ids } = needs
  const table = sql.table(needs.table)
  const here = new Map<string, { readonly digest: string; readonly turn: Promise<unknown> }>()
  let sweptAt = 0
  const at = (ms: number) => isoTime(clock.now() + ms)

  async function begin({ principal, key }: OnceOf, digest: string, holder: string): Promise<string | null> {
    if (clock.now() - sweptAt > SWEEP_MS) {
      sweptAt = clock.now()
      await sql`delete from ${table} where expires_at < ${at(0)}::timestamptz`.execute(db)
    }
    const made = await sql<{ token: string }>`
      insert into ${table} (principal, key, digest, token, state, holder, lease_until, expires_at)
      values (${principal}, ${key}, ${digest}, ${ids.make('run')}, 'working', ${holder}, ${at(LEASE_MS)}, ${at(KEEP_MS)})
      on conflict do nothing returning token`.execute(db)
    return made.rows[0]?.token ?? null
  }

  async function look({ principal, key }: OnceOf): Promise<Row | undefined> {
    const { rows } = await sql<Row>`
      select digest, token, state, holder, answer,
        lease_until < ${at(0)}::timestamptz as free, expires_at < ${at(0)}::timestamptz as old
      from ${table} where principal = ${principal} and key = ${key}`.execute(db)
    return rows[0]
  }

  async function takeOver({ principal, key }: OnceOf, row: Row, holder: string): Promise<boolean> {
    const { rows } = await sql`
      update ${table} set holder = ${holder}, lease_until = ${at(LEASE_MS)}
      where principal = ${principal} and key = ${key} and holder = ${row.holder} and state = 'working'
        and lease_until < ${at(0)}::timestamptz returning 1 as one`.execute(db)
    return rows.length > 0
  }

  async function perform<T>(of: OnceOf, token: string, holder: string, work: (token: string) => Promise<T>) {
    const { principal, key } = of
    const mine = sql`principal = ${principal} and key = ${key} and holder = ${holder}`
    const renewing = setInterval(() => {
      sql`update ${table} set lease_until = ${at(LEASE_MS)} where ${mine}`.execute(db).catch(() => undefined)
    }, RENEW_MS)
    renewing.unref()
    const settle = (state: 'done' | 'failed', answer: unknown) =>
      sql`update ${table} set state = ${state}, answer = ${JSON.stringify(answer)}::jsonb where ${mine}`.execute(
        db,
      )
    try {
      const answer = await work(token)
      await settle('done', answer)
      return answer
    } catch (cause) {
      const failure = AppError.from(cause)
      if (failure.retryable || ['internal', 'cancelled', 'upstream'].includes(failure.kind))
        await sql`delete from ${table} where ${mine}`.execute(db)
      else await settle('failed', failure.toJSON())
      throw cause
    } finally {
      clearInterval(renewing)
    }
  }

  return async function once<T>(of: OnceOf, work: (token: string) => Promise<T>): Promise<T> {
    if (!/^[\x21-\x7e]{1,200}$/.test(of.key)) throw onceError('once.bad_key')
    const digest = createHash('sha256').update(canonical(of.request)).digest('hex')
    const id = `${of.principal} ${of.key}`
    const holder = ids.make('hold')
    let leaving: Promise<null> | undefined
    for (;;) {
      of.signal.throwIfAborted()
      // One of this process at a time asks the database; the others hear what it got.
      const other = here.get(id)
      if (other) {
        leaving ??= aborted(of.signal)
        const found = await Promise.race([other.turn.catch(() => null), leaving])
        of.signal.throwIfAborted()
        // Asked with the same words, it is the same work's answer.
        if (found && other.digest === digest) return (found as { readonly answer: T }).answer
      }
      if (here.has(id)) continue
      const turn = attempt(of, digest, holder, work)
      here.set(id, { digest, turn })
      try {
        const found = await turn
        if (found) return found.answer
      } finally {
        here.delete(id)
      }
      await clock.sleep(LOOK_MS, of.signal)
    }
  }

  /** Null where another process is at it. */
  async function attempt<T>(
    of: OnceOf,
    digest: string,
    holder: string,
    work: (token: string) => Promise<T>,
  ): Promise<{ readonly answer: T } | null> {
    const token = await begin(of, digest, holder)
    if (token !== null) return { answer: await perform(of, token, holder, work) }
    const row = await look(of)
    if (!row) return null
    if (row.old) {
      const { principal, key } = of
      await sql`delete from ${table} where principal = ${principal} and key = ${key} and expires_at < ${at(0)}::timestamptz`.execute(
        db,
      )
      return null
    }
    if (row.digest !== digest) throw onceError('once.other_request')
    // What was stored under this key was this work's own answer.
    if (row.state === 'done') return { answer: row.answer as T }
    if (row.state === 'failed') {
      const { kind, code, message, params } = ErrorBody.parse(row.answer).error
      throw new AppError(kind, code, message, params)
    }
    if (row.free && (await takeOver(of, row, holder)))
      return { answer: await perform(of, row.token, holder, work) }
    return null
  }
}

const aborted = (signal: AbortSignal): Promise<null> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true }))

/** The same for the same contents, in whatever order the keys of an object came. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value instanceof Uint8Array) return createHash('sha256').update(value).digest('hex')
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`)
    .join(',')}}`
}
