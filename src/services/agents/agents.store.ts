import type { Kysely, Selectable, Transaction } from 'kysely'
import { sql } from 'kysely'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { Failure } from '../../kernel/errors.ts'
import { storableJson } from '../../platform/database/storable.ts'
import type { Citation } from '../city/messages.contract.ts'
import type { Run, RunRequest, Step } from './agents.contract.ts'
import type { AgentsTables, PromptVersions, RunRow, StepRow } from './agents.tables.ts'
import type { RunContext } from './context.ts'
import { isErased } from './erase.ts'
import type { StepOutput } from './tools/tool.ts'

export type AgentsDb = Kysely<AgentsTables>
export type AgentsTx = Transaction<AgentsTables>
export type StoredRun = Selectable<RunRow>
type StoredStep = Selectable<StepRow>
export type FinishedStep = Pick<
  StoredStep,
  'index' | 'kind' | 'call' | 'output' | 'tokens_in' | 'tokens_out' | 'cost_usd'
>

/** What a step came to. */
export interface StepEnd {
  readonly state: 'done' | 'failed' | 'cancelled'
  readonly detail: Readonly<Record<string, unknown>>
  readonly tokensIn?: number
  readonly tokensOut?: number
  readonly costUsd?: number
  /** What a later try goes on from. */
  readonly output?: StepOutput
}

/** How a run ended. */
export interface RunEnd {
  readonly state: 'done' | 'failed' | 'cancelled'
  readonly text: string
  readonly citations: readonly Citation[]
  readonly engine: string | null
  readonly error: Failure | null
  /** Which limit ended it before the model was done. */
  readonly stopped?: string
}

const UNFINISHED = ['queued', 'running'] as const

/** The queries of the schema `agents`. Those that take a transaction run in it; the others by themselves. */
export function createAgentsStore(db: AgentsDb, clock: Clock) {
  const now = () => new Date(clock.now())
  return {
    /** Opens a run; false where it has been opened before, or its message is deleted by now. */
    async open(tx: AgentsTx, request: RunRequest, agent: string): Promise<boolean> {
      if (request.message !== null && (await isErased(tx, request.message))) return false
      const row = {
        id: request.run,
        agent,
        asker: request.asker.id,
        room: request.room?.id ?? null,
        message: request.message,
        request: json(request),
        ...(request.maxUsd !== undefined && {
          budget: json({ tokens: Number.MAX_SAFE_INTEGER, usd: request.maxUsd }),
        }),
        state: 'queued' as const,
        created_at: now(),
      }
      const { numInsertedOrUpdatedRows } = await tx
        .insertInto('agents.run')
        .values(row)
        .onConflict((on) => on.doNothing())
        .executeTakeFirstOrThrow()
      return numInsertedOrUpdatedRows === 1n
    },

    async find(run: string, tx: AgentsDb = db): Promise<StoredRun | undefined> {
      return await tx.selectFrom('agents.run').selectAll().where('id', '=', run).executeTakeFirst()
    },

    async steps(run: string, from = 0): Promise<Step[]> {
      const rows = await db
        .selectFrom('agents.step')
        .selectAll()
        .where('run', '=', run)
        .where('index', '>=', from)
        .orderBy('index')
        .execute()
      return rows.map(stepOf)
    },

    /** Begins, or begins anew: what an earlier attempt left running is marked as interrupted. Undefined where the run is over. */
    async begin(tx: AgentsTx, run: string): Promise<StoredRun | undefined> {
      const row = await tx
        .updateTable('agents.run')
        .set((set) => ({
          state: 'running',
          attempt: set('attempt', '+', 1),
          text: '',
          started_at: sql<Date>`coalesce(started_at, ${now()})`,
        }))
        .where('id', '=', run)
        .where('state', 'in', UNFINISHED)
        .returningAll()
        .executeTakeFirst()
      if (row) await closeRunning(tx, run, 'failed', { interrupted: true }, now(), ['approval', 'delegate'])
      return row
    },

    async keepContext(run: string, attempt: number, context: RunContext): Promise<void> {
      await mine(db, run, attempt)
        .set({ context: json(context) })
        .execute()
    },

    /** Which versions of its prompts it is told. */
    async keepVersions(run: string, versions: PromptVersions): Promise<void> {
      await db
        .updateTable('agents.run')
        .set({ versions: json(versions) })
        .where('id', '=', run)
        .execute()
    },

    /** What was said so far, for those who come late in another process. */
    async keepText(run: string, attempt: number, text: string): Promise<void> {
      await mine(db, run, attempt).set({ text }).execute()
    },

    /** What was finished of a run, in order, with what a later try goes on from. */
    async finished(run: string): Promise<FinishedStep[]> {
      return await db
        .selectFrom('agents.step')
        .select(['index', 'kind', 'call', 'output', 'tokens_in', 'tokens_out', 'cost_usd'])
        .where('run', '=', run)
        .where('state', 'in', ['done', 'failed'])
        .orderBy('index')
        .execute()
    },

    /** Whether a tool was begun for this call of the model and nobody knows how it went. */
    async wasBegun(run: string, call: string): Promise<boolean> {
      const row = await db
        .selectFrom('agents.step')
        .select('index')
        .where('run', '=', run)
        .where('call', '=', call)
        .where('kind', '=', 'tool')
        .executeTakeFirst()
      return row !== undefined
    },

    /** The step that tells of a piece given away. */
    async delegateStep(run: string, call: string): Promise<number | undefined> {
      const row = await db
        .selectFrom('agents.step')
        .select('index')
        .where('run', '=', run)
        .where('call', '=', call)
        .where('kind', '=', 'delegate')
        .executeTakeFirst()
      return row?.index
    },

    async openStep(run: string, kind: Step['kind'], call: string | null = null): Promise<number> {
      const { index } = await db
        .insertInto('agents.step')
        .values((value) => ({
          run,
          kind,
          call,
          state: 'running',
          started_at: now(),
          index: value
            .selectFrom('agents.step')
            .where('run', '=', run)
            .select(sql<number>`coalesce(max(index) + 1, 0)`.as('next')),
        }))
        .returning('index')
        .executeTakeFirstOrThrow()
      return index
    },

    async closeStep(tx: AgentsDb, run: string, index: number, end: StepEnd): Promise<void> {
      const { state, detail, tokensIn = 0, tokensOut = 0, costUsd = 0, output } = end
      await tx
        .updateTable('agents.step')
        .set({
          state,
          detail: json(detail),
          tokens_in: tokensIn,
          tokens_out: tokensOut,
          cost_usd: costUsd,
          ...(output && { output: json(output) }),
          finished_at: now(),
        })
        .where('run', '=', run)
        .where('index', '=', index)
        .where('state', '=', 'running')
        .execute()
    },

    /** The run that asked for this one, held until the transaction ends. */
    async holdCaller(tx: AgentsTx, run: string): Promise<Pick<StoredRun, 'id' | 'state'> | undefined> {
      return await tx
        .selectFrom('agents.run')
        .select(['id', 'state'])
        .where('id', '=', (from) =>
          from.selectFrom('agents.run as child').select('child.parent').where('child.id', '=', run),
        )
        .forUpdate()
        .executeTakeFirst()
    },

    /** Runs that this one asked for and that are not over. */
    async unfinishedOf(tx: AgentsDb, run: string): Promise<Pick<StoredRun, 'id' | 'agent'>[]> {
      return await tx
        .selectFrom('agents.run')
        .select(['id', 'agent'])
        .where('parent', '=', run)
        .where('state', 'in', UNFINISHED)
        .orderBy('id')
        .execute()
    },

    /** Runs that this one asked for, in the order it did. */
    async children(run: string, tx: AgentsDb = db): Promise<StoredRun[]> {
      return await tx
        .selectFrom('agents.run')
        .selectAll()
        .where('parent', '=', run)
        .orderBy('created_at')
        .orderBy('id')
        .execute()
    },

    /** Ends a run once; undefined where it is over already, or where `attempt` is given and no longer the running one. */
    async end(tx: AgentsTx, run: string, end: RunEnd, attempt?: number): Promise<StoredRun | undefined> {
      const row = await tx
        .updateTable('agents.run')
        .set({
          state: end.state,
          text: end.text,
          citations: json(end.citations),
          engine: end.engine,
          error: end.error && json(end.error),
          stopped: end.stopped ?? null,
          finished_at: now(),
        })
        .where('id', '=', run)
        .where('state', 'in', UNFINISHED)
        .$if(attempt !== undefined, (query) => query.where('attempt', '=', attempt ?? 0))
        .returningAll()
        .executeTakeFirst()
      const left = end.state === 'cancelled' ? 'cancelled' : 'failed'
      if (!row) return undefined
      await closeRunning(tx, run, left, {}, now())
      await tx
        .updateTable('agents.approval')
        .set({ state: 'cancelled', decided_at: now() })
        .where('run', '=', run)
        .where('state', '=', 'waiting')
        .execute()
      return row
    },
  }
}
export type AgentsStore = ReturnType<typeof createAgentsStore>

const json = storableJson

const mine = (db: AgentsDb, run: string, attempt: number) =>
  db
    .updateTable('agents.run')
    .where('id', '=', run)
    .where('attempt', '=', attempt)
    .where('state', '=', 'running')

async function closeRunning(
  tx: AgentsTx,
  run: string,
  state: 'failed' | 'cancelled',
  more: Readonly<Record<string, unknown>>,
  at: Date,
  except: readonly Step['kind'][] = [],
): Promise<void> {
  await tx
    .updateTable('agents.step')
    .set({ state, finished_at: at, detail: sql<string>`detail || ${json(more)}::jsonb` })
    .where('run', '=', run)
    .where('state', '=', 'running')
    .$if(except.length > 0, (query) => query.where('kind', 'not in', [...except]))
    .execute()
}

const time = (at: Date | null): string | null => at && isoTime(at.getTime())

const stepOf = (row: StoredStep): Step => ({
  index: row.index,
  kind: row.kind,
  state: row.state,
  startedAt: isoTime(row.started_at.getTime()),
  finishedAt: time(row.finished_at),
  detail: row.detail,
  tokensIn: row.tokens_in,
  tokensOut: row.tokens_out,
  costUsd: row.cost_usd,
})

/** A run as its readers see it. */
export function runOf(
  row: StoredRun,
  steps: Step[],
  text = row.text,
  children: NonNullable<Run['children']> = [],
): Run {
  const sum = (pick: (step: Step) => number) => steps.reduce((total, step) => total + pick(step), 0)
  const { id, agent, asker, room, message, state, citations, engine, error, stopped } = row
  return {
    ...{ id, agent, asker, room, message, state, text, citations, engine, steps, error, stopped },
    ...{ parent: row.parent, children, plan: row.plan, question: row.request.text },
    tokensIn: sum((step) => step.tokensIn),
    tokensOut: sum((step) => step.tokensOut),
    costUsd: sum((step) => step.costUsd),
    createdAt: isoTime(row.created_at.getTime()),
    startedAt: time(row.started_at),
    finishedAt: time(row.finished_at),
    durationMs: row.finished_at && row.finished_at.getTime() - row.created_at.getTime(),
  }
}
