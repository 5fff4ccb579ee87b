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

/** What became of one item of several. */
export type Settled<Result> = { readonly value: Result } | { readonly failure: unknown }

/** Stores items, in their order, in one transaction, and says what became of each. A failure it answers with is the item's own and leaves nothing of it behind; one it rejects with undoes them all. `committed` runs once, when they are durable, before anybody is answered. */
export type StoreTogether<Tables, Item, Result> = (
  tx: Transaction<Tables>,
  items: readonly Item[],
) => Promise<{ readonly settled: readonly Settled<Result>[]; readonly committed?: () => void }>

/** Stores an item in a transaction that it may share with others waiting at the same time. Resolves when it is durable. */
export type GroupCommit<Item, Result> = (item: Item) => Promise<Result>
