import { AppError } from '../../kernel/errors.ts'
import { storable } from '../../platform/database/storable.ts'
import { agentsError } from './agents.errors.ts'
import type { RunContext, Source } from './context.ts'
import { DELEGATE, joinChildren, type Left } from './orchestration/delegate.ts'
import { askableHere } from './orchestration/policy.ts'
import type { Mandate } from './registry.contract.ts'
import type { Work } from './run-job.ts'
import type { KeptTurn } from './run-loop.ts'
import { addressesIn } from './tools/outward.ts'
import type { ModelCall, StepOutput, Tool, ToolResult, ToolUse } from './tools/tool.ts'

export type ToolOutput = Extract<StepOutput, { kind: 'tool' }>

interface Situation {
  readonly context: RunContext
  readonly turns: readonly KeptTurn[]
  readonly mandate: Mandate
  readonly trial: boolean
  /** What the run may still use. */
  readonly left: Left
  /** Told what others used for it. */
  spend(tokens: number, usd: number): void
}

/** How much of one tool's result the model reads, and the trace shows. */
const MAX_RESULT_CHARS = 24_000
const TRACE_CHARS = 1_000

/** Does what the model called for in its last turn, in order: what may be done at once, then what was approved. True where something waits for a person. */
export async function settleCalls(work: Work, situation: Situation, signal: AbortSignal): Promise<boolean> {
  const last = situation.turns.at(-1)
  const open = last?.calls.filter(({ id }) => !last.results.has(id)) ?? []
  const later: { call: ModelCall; tool: Tool }[] = []
  const own = open.filter(({ tool }) => tool !== DELEGATE)
  for (const call of own) {
    signal.throwIfAborted()
    const outcome = await judged(work, situation, call)
    if ('ask' in outcome) later.push({ call, tool: outcome.ask })
    else last?.results.set(call.id, await outcome.settle(signal))
  }
  let waits = false
  for (const { call, tool } of later) {
    const output = await approved(work, situation, call, tool, signal)
    if (output) last?.results.set(call.id, output)
    else waits = true
  }
  if (waits) work.here.at('approval', 'waiting')
  return (await delegated(work, situation, open, signal)) || waits
}

/** True where another agent still works on something. */
async function delegated(
  work: Work,
  situation: Situation,
  open: readonly ModelCall[],
  signal: AbortSignal,
): Promise<boolean> {
  const mayAsk = work.agent.settings.tools.includes(DELEGATE) && !situation.trial
  const pieces = open.filter(({ tool }) => tool === DELEGATE)
  const last = situation.turns.at(-1)
  if (!mayAsk)
    for (const call of pieces)
      last?.results.set(call.id, await refusal(work, call, agentsError('agents.tool_refused')))
  const asked = mayAsk ? pieces : []
  const left = asked.length
  let joined = 0
  for await (const [call, given] of joinChildren(
    work,
    asked,
    situation.left,
    () => nextNumber(situation),
    () => askableHere(work, signal),
  )) {
    joined++
    if ('refused' in given) last?.results.set(call.id, await refusal(work, call, given.refused))
    else {
      last?.results.set(call.id, given.output)
      situation.spend(given.tokens, given.usd)
    }
  }
  return joined < left
}

type Outcome = { readonly ask: Tool } | { settle(signal: AbortSignal): Promise<ToolOutput> }

async function judged(work: Work, situation: Situation, call: ModelCall): Promise<Outcome> {
  const { toolbox, approvals, row, agent } = work
  const tool = toolbox.find(call.tool)
  if (!tool)
    return {
      settle: () => refusal(work, call, agentsError('agents.tool_unknown', { tool: call.tool.slice(0, 60) })),
    }
  const changes = tool.risk === 'effect' || tool.risk === 'own'
  if (row.parent !== null && changes)
    return { settle: () => refusal(work, call, agentsError('agents.tool_refused')) }
  const parsed = tool.input.safeParse(call.input)
  if (!parsed.success) {
    const detail = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
    return {
      settle: () => refusal(work, call, agentsError('agents.tool_input', { detail: detail.slice(0, 300) })),
    }
  }
  const verdict = toolbox.judge(tool, call.input, {
    agent,
    mandate: situation.mandate,
    room: row.room,
    asker: row.asker,
    tainted: isTainted(work, situation),
    // Looked up only where it decides something.
    standing: tool.risk === 'effect' && (await approvals.isGranted(agent.id, row.room, tool.name)),
    trial: situation.trial,
  })
  if (verdict === 'refuse') return { settle: () => refusal(work, call, agentsError('agents.tool_refused')) }
  if (verdict === 'ask') return { ask: tool }
  return { settle: (signal) => perform(work, situation, call, tool, signal) }
}

/** What the asker decided; undefined while they have not. */
async function approved(
  work: Work,
  situation: Situation,
  call: ModelCall,
  tool: Tool,
  signal: AbortSignal,
): Promise<ToolOutput | undefined> {
  const { approvals, row } = work
  const approval = await approvals.ofCall(row.id, call.id)
  if (!approval) {
    await approvals.ask(row, call.id, tool.name, asObject(call.input))
    return undefined
  }
  if (approval.state === 'waiting') return undefined
  // What was shown is what is done.
  const shown = { ...call, input: approval.input }
  if (approval.state === 'approved') return await perform(work, situation, shown, tool, signal)
  const why = approval.state === 'refused' ? 'The asker refused this.' : 'Nobody decided on this in time.'
  return await keep(work, call, { ok: false, text: why, foreign: false }, { decision: approval.state })
}

async function perform(
  work: Work,
  situation: Situation,
  call: ModelCall,
  tool: Tool,
  signal: AbortSignal,
): Promise<ToolOutput> {
  const { store, row, here, toolbox, db } = work
  if (!tool.repeatable && (await store.wasBegun(row.id, call.id)))
    return await refusal(work, call, agentsError('agents.outcome_unknown'))
  const index = await store.openStep(row.id, 'tool', call.id)
  here.at('tool', 'running')
  const about = { tool: tool.name, input: bounded(call.input) }
  try {
    const result = await toolbox.use(tool, call.input, useOf(work, situation, call, signal))
    const output = outputOf(tool, result, nextNumber(situation))
    await store.closeStep(db, row.id, index, {
      state: 'done',
      detail: { ...about, sources: output.sources.length, output: preview(output) },
      output,
    })
    here.at('tool', 'done')
    return output
  } catch (cause) {
    signal.throwIfAborted()
    const failure = AppError.from(cause)
    if (failure.kind === 'internal' && !(cause instanceof AppError)) throw cause
    const output = failed(tool.name, failure)
    await store.closeStep(db, row.id, index, {
      state: 'failed',
      detail: { ...about, code: failure.code },
      output,
    })
    here.at('tool', 'failed')
    return output
  }
}

const refusal = (work: Work, call: ModelCall, failure: AppError): Promise<ToolOutput> =>
  keep(work, call, { ok: false, text: failure.message, foreign: false }, { code: failure.code })

/** Keeps what came of a call that was not made. */
async function keep(
  { store, row, db }: Work,
  call: ModelCall,
  { ok, text, foreign }: Pick<ToolOutput, 'ok' | 'text' | 'foreign'>,
  detail: Readonly<Record<string, unknown>>,
): Promise<ToolOutput> {
  const index = await store.openStep(row.id, 'tool', call.id)
  const tool = call.tool.slice(0, 60)
  const output: ToolOutput = { kind: 'tool', tool, ok, foreign, text, sources: [], addresses: [] }
  await store.closeStep(db, row.id, index, {
    state: 'failed',
    detail: { tool, input: bounded(call.input), ...detail },
    output,
  })
  return output
}

const failed = (tool: string, { message }: AppError): ToolOutput => ({
  kind: 'tool',
  tool,
  ok: false,
  foreign: false,
  text: message,
  sources: [],
  addresses: [],
})

function outputOf(tool: Tool, result: ToolResult, from: number): ToolOutput {
  let left = MAX_RESULT_CHARS
  const sources: Source[] = []
  for (const source of result.sources ?? []) {
    if (left <= 0) break
    const text = storable(source.text.slice(0, left))
    left -= text.length
    if (text.trim() !== '') sources.push({ ...source, text, n: from + sources.length })
  }
  return {
    kind: 'tool',
    tool: tool.name,
    ok: true,
    foreign: tool.foreign,
    text: storable((result.text ?? '').slice(0, MAX_RESULT_CHARS)),
    sources,
    addresses: [...(result.addresses ?? [])].slice(0, 50),
  }
}

const outputs = ({ turns }: Situation) => turns.flatMap(({ results }) => [...results.values()])

const nextNumber = (situation: Situation): number =>
  1 +
  Math.max(
    0,
    ...situation.context.sources.map(({ n }) => n),
    ...outputs(situation).flatMap(({ sources }) => sources.map(({ n }) => n)),
  )

/** Whether anything that the asker did not say themselves lies before the model: then it may be what moved it. */
function isTainted({ row, agent }: Work, situation: Situation): boolean {
  // What another agent asks of it is not what the asker said.
  if (row.parent !== null) return true
  const { request } = row
  const others = request.history.some(
    ({ author }) => author.id !== request.asker.id && author.id !== agent.id,
  )
  return (
    others ||
    situation.context.sources.some(({ kind }) => kind !== 'message') ||
    outputs(situation).some(({ foreign }) => foreign)
  )
}

function useOf(work: Work, situation: Situation, call: ModelCall, signal: AbortSignal): ToolUse {
  const { row, agent, requestId } = work
  const { request } = row
  const question = row.origin ?? situation.context.question
  return {
    run: row.id,
    agent,
    asker: request.asker,
    room: request.room,
    alone: situation.context.alone ?? request.room === null,
    question,
    addresses: new Set([
      ...addressesIn(question),
      ...outputs(situation).flatMap(({ addresses }) => addresses),
    ]),
    files: request.parts.flatMap(({ file }) => (file ? [file] : [])),
    message: row.message,
    key: `${row.id}_${call.id.replaceAll('.', '_')}`,
    tainted: isTainted(work, situation),
    requestId,
    signal,
  }
}

const asObject = (input: unknown): Record<string, unknown> =>
  typeof input === 'object' && input !== null ? { ...input } : {}

const bounded = (input: unknown): unknown => {
  const json = JSON.stringify(input) ?? ''
  return json.length <= TRACE_CHARS ? input : { cut: json.slice(0, TRACE_CHARS) }
}

const preview = ({ text, sources }: ToolOutput): string =>
  [text, ...sources.map(({ n, title }) => `[${n}] ${title}`)].join('\n').trim().slice(0, TRACE_CHARS)
