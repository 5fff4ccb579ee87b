import { AppError } from '../../kernel/errors.ts'
import { storable } from '../../platform/database/storable.ts'
import { agentsError } from './agents.errors.ts'
import type { FinishedStep, RunEnd } from './agents.store.ts'
import { askModel, type ModelAnswer, type Turn } from './ask-model.ts'
import { cite } from './citations.ts'
import type { RunContext, Source } from './context.ts'
import { dayLeft } from './day-limits.ts'
import { DELEGATE, delegateFor } from './orchestration/delegate.ts'
import { askableHere } from './orchestration/policy.ts'
import { block, buildPrompt } from './prompt.ts'
import { Mandate } from './registry.contract.ts'
import type { Prompts } from './registry.store.ts'
import { failedBy } from './run-end.ts'
import type { Work } from './run-job.ts'
import { settleCalls, type ToolOutput } from './run-tools.ts'
import { addressesIn, withoutStrangeAddresses } from './tools/outward.ts'
import type { ModelCall, Tool } from './tools/tool.ts'

/** One turn as it is kept: what the model said and called, and what came of its calls so far. */
export interface KeptTurn {
  readonly text: string
  readonly calls: readonly ModelCall[]
  readonly model: string
  readonly results: Map<string, ToolOutput>
}

/** What a run may still use. */
interface Spent {
  tokens: number
  usd: number
}

const KEEP_TEXT_EVERY_MS = 1_000
const CUT_SHORT = {
  uk: 'Відповідь сягнула межі довжини й обрізана тут.',
  en: 'The answer reached its length limit and is cut off here.',
}

/** The model, then what it calls for, then the model, until it is done or a limit says so. Each turn and each tool is kept as it ends, so that a later try goes on from there. `waiting` where a person is to decide first: the run goes on when they did. */
export async function loop(
  work: Work,
  context: RunContext,
  signal: AbortSignal,
): Promise<RunEnd | 'waiting'> {
  const { row, agent, store, registry, here } = work
  const trial = row.request.prompts !== undefined
  const [newest] = await registry.mandates(agent.id)
  const mandate = newest?.mandate ?? Mandate.parse({})
  const prompts = { ...(await registry.prompts(agent.id)), ...row.request.prompts }
  const { turns, spent } = turnsOf(await store.finished(row.id))
  const { limits } = agent.settings
  const { tokens = Number.POSITIVE_INFINITY, usd = Number.POSITIVE_INFINITY } = row.budget ?? {}
  const day = await dayLeft(work.db, work.clock, row, mandate, limits)
  if (day.refused) return failedBy(day.refused, '', 'day')
  const most = {
    tokens: Math.min(limits.tokens, tokens, day.tokens),
    usd: Math.min(limits.usd, mandate.usdPerRun ?? limits.usd, usd, day.usd),
  }
  if (row.versions === null) await store.keepVersions(row.id, await registry.inForce(agent.id))
  let tools = await toolsOf(work, mandate, trial, signal)
  say(work, turns.flatMap(({ text }) => (text === '' ? [] : [text])).join('\n\n'))
  const caller = row.chain.at(-1)
  const by = caller === undefined ? undefined : (await registry.find(caller))?.name
  const spend = (tokens: number, usd: number) => {
    spent.tokens += tokens
    spent.usd += usd
  }
  for (;;) {
    const last = turns.at(-1)
    if (last) {
      if (last.calls.length === 0) return doneWith(turns, context, limits.steps)
      const left = { tokens: most.tokens - spent.tokens, usd: most.usd - spent.usd }
      if (await settleCalls(work, { context, turns, mandate, trial, left, spend }, signal)) return 'waiting'
    }
    if (spent.tokens >= most.tokens)
      return failedBy(agentsError('agents.over_tokens', { tokens: most.tokens }), here.text, 'tokens')
    if (spent.usd > most.usd)
      return failedBy(agentsError('agents.over_cost', { usd: most.usd }), here.text, 'cost')
    const mayCall = turns.length + 1 < limits.steps
    if (last && here.text !== '') say(work, '\n\n')
    const asked = { context, turns, prompts, tools, mayCall, first: turns.length === 0, by }
    const answer = await turn(work, asked, signal)
    if ('state' in answer) return answer
    if (answer.toolless) tools = []
    turns.push(answer.kept)
    spend(answer.tokens, answer.usd)
  }
}

/** What this run can use. Who works for another agent only looks: what others see is done by the one that was asked, before the eyes of whoever asked it. */
async function toolsOf(
  work: Work,
  mandate: Mandate,
  trial: boolean,
  signal: AbortSignal,
): Promise<readonly Tool[]> {
  const { agent, row, toolbox } = work
  const all = await toolbox.of(agent, mandate, trial)
  const mine = row.parent === null ? all : all.filter(({ risk }) => risk === 'read' || risk === 'outward')
  if (!mine.some(({ name }) => name === DELEGATE)) return mine
  const others = trial ? [] : await askableHere(work, signal)
  const delegate = delegateFor(others)
  return mine.flatMap((tool) => (tool.name !== DELEGATE ? [tool] : delegate ? [delegate] : []))
}

interface Asking {
  readonly context: RunContext
  readonly turns: readonly KeptTurn[]
  readonly prompts: Prompts
  readonly tools: readonly Tool[]
  readonly mayCall: boolean
  readonly first: boolean
  /** The agent it works for. */
  readonly by: string | undefined
}

/** A failure of the model is how the run ends, not a reason to ask once more: the engine has tried already. */
async function turn(work: Work, asking: Asking, signal: AbortSignal) {
  const { row, here, store, db } = work
  const index = await store.openStep(row.id, 'model')
  here.at('model', 'running')
  try {
    const { answer, toolless } = await ask(work, asking, signal).then(
      (given) => ({ answer: given, toolless: false }),
      async (cause: unknown) => {
        // Some models know no tools and refuse the request for them; they still answer.
        if (!asking.first || asking.tools.length === 0 || !isBadRequest(cause)) throw cause
        return { answer: await ask(work, { ...asking, tools: [] }, signal), toolless: true }
      },
    )
    const { model, tokensIn, tokensOut, estimated, costUsd, text } = answer
    const number = asking.turns.length
    const calls = answer.calls.map(({ tool, input }, i) => ({ id: `${number}.${i}`, tool, input }))
    const whole = answer.cutShort ? `${text}\n\n${CUT_SHORT[asking.context.language]}` : text
    const kept: KeptTurn = { text: storable(whole), calls, model, results: new Map() }
    await store.closeStep(db, row.id, index, {
      state: 'done',
      detail: {
        model,
        estimated,
        ...(calls.length > 0 && { calls: calls.map(({ tool }) => tool) }),
        ...(toolless && { toolless }),
        ...(answer.cutShort && { cutShort: true }),
      },
      tokensIn,
      tokensOut,
      costUsd,
      output: { kind: 'model', text: kept.text, calls, model },
    })
    here.at('model', 'done')
    return { kept, toolless, tokens: tokensIn + tokensOut, usd: costUsd }
  } catch (cause) {
    signal.throwIfAborted()
    if (!(cause instanceof AppError)) throw cause
    await store.closeStep(db, row.id, index, { state: 'failed', detail: { code: cause.code } })
    return failedBy(cause, here.text)
  }
}

const isBadRequest = (cause: unknown): boolean =>
  cause instanceof AppError && (cause.params.status === 400 || cause.params.status === 422)

async function ask(work: Work, asking: Asking, signal: AbortSignal): Promise<ModelAnswer> {
  const { row, agent, here, llm, store, clock, ids } = work
  const { context, tools, turns, mayCall } = asking
  const nonce = ids.make('d').slice(-10)
  const prompt = buildPrompt(asking.prompts, row.request, context, agent, nonce, tools.length > 0, asking.by)
  const { model, limits } = agent.settings
  let keptAt = clock.now()
  let keeping = Promise.resolve()
  const answer = askModel({
    baseUrl: llm.baseUrl,
    fetch: llm.fetchAs({ principal: row.request.asker, service: 'agents' }),
    model: (tools.length > 0 ? (model.tools ?? model.chat) : model.chat) ?? 'city',
    headers: {
      'x-daarion-agent': agent.id,
      'x-daarion-run': row.id,
      ...(row.room && { 'x-daarion-room': row.room }),
      ...(context.community && { 'x-daarion-community': context.community }),
    },
    prompt,
    turns: turns.map((turn) => wireTurn(turn, nonce)),
    tools,
    mayCall,
    maxTokens: Math.min(limits.answerTokens, work.limits.maxTokens),
    signal,
    onWords(words) {
      here.say(words)
      if (clock.now() - keptAt < KEEP_TEXT_EVERY_MS) return
      keptAt = clock.now()
      keeping = keeping.then(() => store.keepText(row.id, row.attempt, storable(here.text)))
    },
  })
  try {
    return await answer
  } finally {
    await keeping
  }
}

/** What came of calls, as material between tags that only this request knows. */
const wireTurn = ({ text, calls, results }: KeptTurn, nonce: string): Turn => ({
  text,
  calls,
  results: new Map(
    [...results].map(([id, { tool, ok, text, sources }]) => {
      const blocks = sources.map((source) => block(nonce, source))
      const told = text === '' ? [] : [ok ? block(nonce, { kind: 'result', title: tool, text }) : text]
      return [id, [...told, ...blocks].join('\n\n') || 'Nothing was found.']
    }),
  ),
})

function say({ here }: Work, words: string): void {
  if (words !== '') here.say(words)
}

/** Puts together again what was done before. */
function turnsOf(steps: readonly FinishedStep[]): { turns: KeptTurn[]; spent: Spent } {
  const turns: KeptTurn[] = []
  const spent = { tokens: 0, usd: 0 }
  for (const { output, call, tokens_in, tokens_out, cost_usd } of steps) {
    spent.tokens += tokens_in + tokens_out
    spent.usd += cost_usd
    if (output?.kind === 'model') turns.push({ ...output, results: new Map() })
    else if (output?.kind === 'tool' && call !== null)
      turns[Number(call.split('.')[0])]?.results.set(call, output)
  }
  return { turns, spent }
}

function doneWith(turns: readonly KeptTurn[], context: RunContext, steps: number): RunEnd {
  const given = turns.flatMap(({ results }) => [...results.values()])
  const sources: readonly Source[] = [...context.sources, ...given.flatMap((output) => output.sources)]
  const known = [
    ...addressesIn(context.question),
    ...given.flatMap(({ addresses }) => addresses),
    ...sources.flatMap(({ url, text }) => [...(url === undefined ? [] : [url]), ...addressesIn(text)]),
  ]
  const said = turns.map(({ text }) => text.trim()).filter((text) => text !== '')
  const { text, citations } = cite(withoutStrangeAddresses(said.join('\n\n'), known), sources)
  const engine = turns.at(-1)?.model ?? null
  const forced = turns.length >= steps && turns.length > 1
  return { state: 'done', text, citations, engine, error: null, ...(forced && { stopped: 'steps' }) }
}
