import type { Kysely } from 'kysely'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import { deadline } from '../../kernel/deadline.ts'
import type { Ids } from '../../kernel/ids.ts'
import { compare, type Outcome } from './compare.ts'
import type { Difference } from './router.contract.ts'
import type { RouterTables } from './router.tables.ts'

/** Asks the other router what one has answered, and keeps how they differ. Nobody waits for it, and nobody is answered twice. */
export interface Shadow {
  compareWith(
    answered: 'v1' | 'v2',
    own: Outcome,
    tookMs: number,
    other: (signal: AbortSignal) => Promise<unknown>,
  ): void
  differences(input: {
    limit: number
    after?: string | undefined
    different: boolean
  }): Promise<{ compared: number; same: number; items: Difference[]; next?: string }>
  /** Calls off what is under way. */
  stop(): Promise<void>
}

const MAX_AT_ONCE = 4
const MAX_MS = 120_000
const MAX_KEPT = 2_000

export function createShadow(needs: {
  readonly db: Kysely<RouterTables>
  readonly clock: Clock
  readonly ids: Ids
  readonly failed?: (failure: unknown) => void
}): Shadow {
  const { db, clock, ids } = needs
  const stopping = new AbortController()
  const underWay = new Set<Promise<void>>()

  async function run(
    answered: 'v1' | 'v2',
    own: Outcome,
    tookMs: number,
    other: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<void> {
    const since = clock.now()
    const signal = AbortSignal.any([stopping.signal, deadline(MAX_MS)])
    const theirs: Outcome = await other(signal).then(
      (value) => ({ value }),
      (failure: unknown) => ({ failure }),
    )
    if (stopping.signal.aborted) return
    const otherMs = clock.now() - since
    const fields = answered === 'v1' ? compare(own, theirs) : compare(theirs, own)
    const [v1Ms, v2Ms] = answered === 'v1' ? [tookMs, otherMs] : [otherMs, tookMs]
    await db
      .insertInto('router.difference')
      .values({
        id: ids.make('diff'),
        at: isoTime(clock.now()),
        same: fields.length === 0,
        answered,
        fields: JSON.stringify(fields),
        took_v1_ms: Math.round(v1Ms),
        took_v2_ms: Math.round(v2Ms),
      })
      .execute()
    await db
      .deleteFrom('router.difference')
      .where('id', 'in', (of) =>
        of.selectFrom('router.difference').select('id').orderBy('id', 'desc').offset(MAX_KEPT).limit(100),
      )
      .execute()
  }

  return {
    compareWith(answered, own, tookMs, other) {
      // The sample is thinned where the machine is busy.
      if (underWay.size >= MAX_AT_ONCE || stopping.signal.aborted) return
      const work = run(answered, own, tookMs, other)
        .catch((failure: unknown) => needs.failed?.(failure))
        .finally(() => underWay.delete(work))
      underWay.add(work)
    },
    async differences({ limit, after, different }) {
      const all = await db
        .selectFrom('router.difference')
        .select((of) => [
          of.fn.countAll().as('compared'),
          of.fn.countAll().filterWhere('same', '=', true).as('same'),
        ])
        .executeTakeFirst()
      const rows = await db
        .selectFrom('router.difference')
        .selectAll()
        .$if(different, (query) => query.where('same', '=', false))
        .$if(after !== undefined, (query) => query.where('id', '<', after ?? ''))
        .orderBy('id', 'desc')
        .limit(limit + 1)
        .execute()
      const items = rows
        .slice(0, limit)
        .map(({ at, took_v1_ms: tookV1Ms, took_v2_ms: tookV2Ms, ...rest }) => ({
          ...rest,
          at: at.toISOString(),
          tookV1Ms,
          tookV2Ms,
        }))
      const last = rows.length > limit ? items.at(-1)?.id : undefined
      const counts = { compared: Number(all?.compared ?? 0), same: Number(all?.same ?? 0) }
      return { ...counts, items, ...(last !== undefined && { next: last }) }
    },
    async stop() {
      stopping.abort()
      await Promise.all(underWay)
    },
  }
}
