import { sql } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import type { AppError } from '../../kernel/errors.ts'
import { agentsError } from './agents.errors.ts'
import type { AgentsDb, StoredRun } from './agents.store.ts'
import type { Mandate, RunBounds } from './registry.contract.ts'

export interface DayLeft {
  /** Why the run may not begin; null where it may. */
  readonly refused: AppError | null
  readonly tokens: number
  readonly usd: number
}

interface Used {
  readonly before: string
  readonly tokens: string
  readonly usd: string
  readonly working: string
}

const DAY_MS = 86_400_000
const UNLIMITED: DayLeft = { refused: null, tokens: Number.POSITIVE_INFINITY, usd: Number.POSITIVE_INFINITY }

/** What an agent may still use on this day (of UTC) by its mandate. Runs are counted in the order they were asked, so that two at once do not both take the last place; what begun before and goes on counts with all that it may use. Where it cannot be counted, nothing is done: the query's failure is the run's. */
export async function dayLeft(
  db: AgentsDb,
  clock: Clock,
  run: Pick<StoredRun, 'id' | 'agent' | 'created_at'>,
  { perDay }: Pick<Mandate, 'perDay'>,
  limits: Pick<RunBounds, 'tokens' | 'usd'>,
): Promise<DayLeft> {
  const { runs, tokens, usd } = perDay
  if (runs === null && tokens === null && usd === null) return UNLIMITED
  const day = new Date(Math.floor(clock.now() / DAY_MS) * DAY_MS)
  const { rows } = await sql<Used>`
    with today as (
      select r.id, r.state, (r.created_at, r.id) < (${run.created_at}::timestamptz, ${run.id}::text) as earlier
      from agents.run r where r.agent = ${run.agent} and r.id <> ${run.id}
        and (r.created_at >= ${day} or r.finished_at is null or r.finished_at >= ${day})
        and r.error ->> 'code' is distinct from 'agents.over_day'),
    used as (
      select t.id, t.state, t.earlier, coalesce(sum(s.tokens_in + s.tokens_out), 0) as tokens, coalesce(sum(s.cost_usd), 0) as usd
      from today t left join agents.step s on s.run = t.id and s.started_at >= ${day}
      group by t.id, t.state, t.earlier)
    select count(*) filter (where earlier and (tokens > 0 or state in ('queued', 'running'))) as before,
      coalesce(sum(case when state = 'running' and earlier then greatest(tokens, ${limits.tokens}) else tokens end), 0) as tokens,
      coalesce(sum(case when state = 'running' and earlier then greatest(usd, ${limits.usd}) else usd end), 0) as usd,
      count(*) filter (where state = 'running' and earlier) as working
    from used`.execute(db)
  const used = rows[0]
  const left = {
    runs: (runs ?? Number.POSITIVE_INFINITY) - Number(used?.before ?? 0),
    tokens: (tokens ?? Number.POSITIVE_INFINITY) - Number(used?.tokens ?? 0),
    usd: (usd ?? Number.POSITIVE_INFINITY) - Number(used?.usd ?? 0),
  }
  const isOver = left.runs <= 0 || left.tokens <= 0 || left.usd <= 0
  return {
    refused: isOver ? agentsError('agents.over_day') : null,
    tokens: left.tokens,
    usd: left.usd,
  }
}
