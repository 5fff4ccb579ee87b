import { sql } from 'kysely'
import { z } from 'zod'
import type { AppError } from '../../../kernel/errors.ts'
import { storable, storableJson } from '../../../platform/database/storable.ts'
import { agentsError } from '../agents.errors.ts'
import { runOpened } from '../agents.events.ts'
import type { AgentsTx, StoredRun } from '../agents.store.ts'
import type { Budget } from '../agents.tables.ts'
import type { Source } from '../context.ts'
import type { KeptAgent } from '../registry.store.ts'
import type { Work } from '../run-job.ts'
import type { ModelCall, StepOutput, Tool } from '../tools/tool.ts'
import { tool } from '../tools/tool.ts'
import { changePlan } from './plan.ts'

/** By which an agent gives a piece of its work to another. */
export const DELEGATE = 'delegate'
/** So many agents work one for another at most, the first of them counted. */
export const MAX_DEPTH = 3
/** So many pieces one run gives away at most. */
const MAX_CHILDREN = 16
/** What is kept of the time for putting the answers together. */
const JOINING = 0.2
const MAX_TEXT = 12_000

type ToolOutput = Extract<StepOutput, { kind: 'tool' }>

const Delegated = z.object({
  agent: z.string().max(64).describe('The slug of the agent'),
  task: z
    .string()
    .trim()
    .min(1)
    .max(8_000)
    .describe('The whole task: it sees the talk of the room, not yours'),
  step: z.number().int().min(1).max(50).optional().describe('The number of the step in the plan'),
})

/** Other agents as a tool. What it is asked waits in runs of its own, so it is settled by `joinChildren`, and never run like another tool. */
export const delegateTool: Tool = tool({
  name: DELEGATE,
  about: { en: 'Gives work to other agents', uk: 'Доручає роботу іншим агентам' },
  description:
    'Give a piece of the work to another agent and get its answer. Several in one turn work side by side.',
  risk: 'read',
  input: Delegated,
  timeoutMs: 5_000,
  foreign: true,
  repeatable: true,
  available: () => true,
  run: async () => {
    throw agentsError('agents.tool_absent')
  },
})

/** The agents that a run may ask: those that answer, but for itself and whoever it works for. So no chain ever comes back to where it was. */
export function askable(work: Pick<Work, 'row' | 'agent'>, agents: readonly KeptAgent[]): KeptAgent[] {
  const { chain } = work.row
  if (chain.length + 2 > MAX_DEPTH) return []
  return agents.filter(({ id, state }) => state === 'active' && id !== work.agent.id && !chain.includes(id))
}

/** The tool as this run has it, with whom it can ask; undefined where there is nobody. */
export function delegateFor(others: readonly KeptAgent[]): Tool | undefined {
  if (others.length === 0) return undefined
  const list = others.map(({ slug, about }) => `${slug}: ${about.en}`).join('\n')
  return { ...delegateTool, description: `${delegateTool.description} The agents:\n${list}` }
}

/** What is left of a run's limits. */
export interface Left {
  readonly tokens: number
  readonly usd: number
}

/** What came of a piece that was given away. */
export type Joined =
  | { readonly refused: AppError }
  | { readonly output: ToolOutput; readonly tokens: number; readonly usd: number }

/** Opens a run for each piece that was given away, all of a turn at once, and tells of those that are over, one after another; of those still worked on it says nothing. A piece is one run however often this is tried; `others` are who may be asked. */
export async function* joinChildren(
  work: Work,
  calls: readonly ModelCall[],
  left: Left,
  nextNumber: () => number,
  others: () => Promise<readonly KeptAgent[]>,
): AsyncGenerator<readonly [call: ModelCall, joined: Joined]> {
  if (calls.length === 0) return
  const there = await work.store.children(work.row.id)
  const fresh = calls.filter(({ id }) => !there.some(({ call }) => call === id))
  for (const [call, refused] of await open(work, fresh, there.length, left, others)) yield [call, { refused }]
  for (const call of calls) {
    const child = there.find((one) => one.call === call.id)
    if (!child || child.state === 'queued' || child.state === 'running') continue
    yield [call, await take(work, child, nextNumber())]
  }
}

interface Piece {
  readonly call: ModelCall
  readonly agent: KeptAgent
  readonly task: string
  readonly step: number | undefined
}

async function open(
  work: Work,
  calls: readonly ModelCall[],
  already: number,
  left: Left,
  mayBeAsked: () => Promise<readonly KeptAgent[]>,
): Promise<ReadonlyMap<ModelCall, AppError>> {
  const { db, here } = work
  const refused = new Map<ModelCall, AppError>()
  if (calls.length === 0) return refused
  const others = await mayBeAsked()
  const pieces: Piece[] = []
  for (const call of calls) {
    const parsed = Delegated.safeParse(call.input)
    const agent = parsed.success
      ? others.find(({ id, slug }) => [id, slug].includes(parsed.data.agent))
      : undefined
    if (parsed.success && agent && already + pieces.length < MAX_CHILDREN)
      pieces.push({ call, agent, task: storable(parsed.data.task), step: parsed.data.step })
    else refused.set(call, agentsError(agent ? 'agents.too_many_pieces' : 'agents.nobody_to_ask'))
  }
  if (pieces.length === 0) return refused
  const share: Budget = {
    tokens: Math.floor(left.tokens / pieces.length),
    usd: left.usd / pieces.length,
  }
  const opened = await db.transaction().execute((tx) => openAll(tx, work, pieces, share))
  if (opened) here.at('delegate', 'running')
  return refused
}

/** False where the run is no longer this attempt's. */
async function openAll(
  tx: AgentsTx,
  { row, agent, events, clock, ids, requestId }: Work,
  pieces: readonly Piece[],
  budget: Budget,
): Promise<boolean> {
  const now = clock.now()
  const mine = await tx
    .selectFrom('agents.run')
    .select('until')
    .where('id', '=', row.id)
    .where('attempt', '=', row.attempt)
    .where('state', '=', 'running')
    .forUpdate()
    .executeTakeFirst()
  if (!mine) return false
  const until = mine.until?.getTime() ?? now + agent.settings.limits.seconds * 1000
  if (!mine.until)
    await tx
      .updateTable('agents.run')
      .set({ until: new Date(until) })
      .where('id', '=', row.id)
      .execute()
  const childUntil = new Date(now + Math.max(0, until - now) * (1 - JOINING))
  const { asker, room, parts, history } = row.request
  const steps = new Map<number, { slug: string; run: string }>()
  for (const { call, agent: to, task, step } of pieces) {
    const run = ids.make('run')
    if (step !== undefined) steps.set(step, { slug: to.slug, run })
    const request = { run, agent: to.slug, asker, room, message: row.message, text: task, parts, history }
    await tx
      .insertInto('agents.run')
      .values({
        ...{ id: run, agent: to.id, asker: row.asker, room: row.room, message: row.message },
        request: storableJson(request),
        state: 'queued',
        created_at: new Date(now),
        parent: row.id,
        call: call.id,
        chain: storableJson([...row.chain, agent.id]),
        origin: row.origin ?? row.request.text,
        budget: storableJson(budget),
        until: childUntil,
      })
      .execute()
    await tx
      .insertInto('agents.step')
      .values((value) => ({
        run: row.id,
        call: call.id,
        kind: 'delegate',
        state: 'running',
        detail: storableJson({ agent: to.slug, run, task: task.slice(0, 1_000) }),
        started_at: new Date(now),
        index: value
          .selectFrom('agents.step')
          .where('run', '=', row.id)
          .select(sql<number>`coalesce(max(index) + 1, 0)`.as('next')),
      }))
      .execute()
    await events.append(tx, { type: runOpened, principal: row.asker, requestId, data: { run } })
  }
  await changePlan(tx, row.id, (plan) =>
    plan.map((step) => {
      const given = steps.get(step.n)
      return given ? { ...step, agent: given.slug, state: 'running', run: given.run } : step
    }),
  )
  return true
}

/** Takes an answer in, with what it took. Its sources are numbered on from here, so that the one that asked can cite them. */
async function take(work: Work, child: StoredRun, from: number) {
  const { store, row, db, here, registry } = work
  const steps = await store.steps(child.id)
  const sum = (pick: (step: (typeof steps)[number]) => number) =>
    steps.reduce((total, step) => total + pick(step), 0)
  const spent = { in: sum((step) => step.tokensIn), out: sum((step) => step.tokensOut) }
  const usd = sum((step) => step.costUsd)
  const ok = child.state === 'done'
  const sources = child.citations.map(
    ({ n: _n, quote, ...about }, i): Source => ({
      title: about.title,
      ...(about.page !== undefined && { page: about.page }),
      ...(about.document !== undefined && { document: about.document }),
      ...(about.message !== undefined && { message: about.message }),
      ...(about.url !== undefined && { url: about.url }),
      n: from + i,
      kind: about.url ? 'web' : about.document ? 'document' : about.message ? 'message' : 'part',
      text: quote,
    }),
  )
  const renumbered = new Map(child.citations.map(({ n }, i) => [String(n), `[${from + i}]`]))
  const said = child.text.replaceAll(/\[(\d+)\]/g, (whole, n: string) => renumbered.get(n) ?? whole)
  const why = child.error?.message ?? 'It was called off.'
  const output: ToolOutput = {
    kind: 'tool',
    tool: DELEGATE,
    ok,
    foreign: true,
    text: storable((ok ? said : why).slice(0, MAX_TEXT)),
    sources: ok ? sources : [],
    addresses: [],
  }
  const { slug } = await registry.find(child.agent).then((agent) => agent ?? { slug: child.agent })
  const index = await store.delegateStep(row.id, child.call ?? '')
  if (index !== undefined)
    await store.closeStep(db, row.id, index, {
      state: ok ? 'done' : 'failed',
      detail: {
        ...{ agent: slug, run: child.id, task: child.request.text.slice(0, 1_000) },
        ...(child.error && { code: child.error.code }),
        ...(child.state === 'cancelled' && { cancelled: true }),
        ...(ok && { output: output.text.slice(0, 1_000) }),
      },
      tokensIn: spent.in,
      tokensOut: spent.out,
      costUsd: usd,
      output,
    })
  await changePlan(db, row.id, (plan) =>
    plan.map((step) =>
      step.run === child.id ? { ...step, state: child.state === 'queued' ? 'waiting' : child.state } : step,
    ),
  )
  here.at('delegate', child.state)
  return { output, tokens: spent.in + spent.out, usd }
}
