import type { Kysely, Transaction } from 'kysely'

/** A database without tables of its own: each service adds its own with `kysely.withTables<CityTables>()`, where `CityTables` is a `type`, not an `interface`. */
export type AnyTables = Record<never, never>

/** The one database of a process: PGlite in a worker thread, or PostgreSQL. */
export interface Database extends AsyncDisposable {
  readonly driver: 'pglite' | 'postgres'
  readonly kysely: Kysely<AnyTables>
  /** Answers within a second, or rejects. */
  ping(): Promise<void>
}

/** Runs a piece of work in a transaction that it may share with others waiting at the same time: one commit for all of them, each in a savepoint of its own, so that one's failure is its own alone. Resolves when the work is durable. */
export type GroupCommit<Tables> = <T>(work: (tx: Transaction<Tables>) => Promise<T>) => Promise<T>
