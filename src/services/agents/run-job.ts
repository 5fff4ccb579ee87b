import type { Clock } from '../../kernel/clock.ts'
import { deadline } from '../../kernel/deadline.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import { storable } from '../../platform/database/storable.ts'
import type { Consumer, Events } from '../../platform/events/events.ts'
import type { Logger } from '../../platform/logger.ts'
import type { LlmAccess } from '../llm-proxy/llm-proxy.contract.ts'
import type { Agent } from './agents.contract.ts'
import { agentsError } from './agents.errors.ts'
import { runFinished, runOpened, runStarted } from './agents.events.ts'
import type { AgentsDb, AgentsStore, AgentsTx, RunEnd, StoredRun } from './agents.store.ts'
import type { AgentsTables } from './agents.tables.ts'
import { askModel, type ModelAnswer } from './ask-model.ts'
import { cite } from './citations.ts'
import {
  answerLanguage,
  messageFindings,
  numbered,
  partFindings,
  questionOf,
  type RunContext,
} from './context.ts'
import type { LiveRun, LiveRuns } from './live-runs.ts'
import { buildPrompt } from './prompt.ts'
import { type Knowledge, type Retrieved, retrieve } from './retrieve.ts'

export interface RunJobNeeds {
  readonly db: AgentsDb
  readonly store: AgentsStore
  readonly events: Events
  readonly live: LiveRuns
  readonly llm: LlmAccess
  readonly knowledge: Knowledge | undefined
  readonly clock: Clock
  readonly ids: Ids
  readonly logger?: Logger
  readonly limits: RunLimits
}

export interface RunLimits {
  /** How many runs this process works on at a time. */
  readonly concurrency: number
  /** How long one may take, from its beginning to its last word. */
  readonly runMs: number
  /** The longest answer. */
  readonly maxTokens: number
}

const ATTEMPTS = 3
/** After its limit a run still has this long to say so. */
const GRACE_MS = 30_000
const KEEP_TEXT_EVERY_MS = 1_000
const CUT_SHORT = {
  uk: 'Відповідь сягнула межі довжини й обрізана тут.',
  en: 'The answer reached its length limit and is cut off here.',
}

/** Works runs off: parts, then the room's documents, then the model. What is found is kept, so that a try after a crash begins at the model; its end and the event of it are stored together, once. */
export function runJob(needs: RunJobNeeds): Consumer<AgentsTables, typeof runOpened> {
  const { db, store, live, limits } = needs
  return {
    name: 'agents.run',
    db,
    types: [runOpened],
    concurrency: limits.concurrency,
    attempts: ATTEMPTS,
    timeoutMs: limits.runMs + GRACE_MS,

    async handle({ data: { run }, requestId = 'req_run' }, job) {
      const here = live.open(run)
      try {
        const row = await begin(needs, run, requestId)
        if (!row) return
        here.begin(row)
        const agent = await agentOf(store, row)
        const end = await work({ ...needs, row, agent, here, requestId, signal: job.signal })
        if (!end) return
        let ended = false
        await job.commit(async (tx) => {
          ended = await endRun(tx, needs, agent, run, end, requestId, row.attempt)
        })
        if (!ended) return
        here.at('end', end.state, end.error?.code)
        if (end.error) needs.logger?.warn({ run, code: end.error.code, ...end.error.params }, 'a run failed')
      } finally {
        here.close()
      }
    },

    async failed({ data: { run }, requestId }, failure, tx) {
      const row = await store.find(run, tx)
      if (!row) return
      const agent = await agentOf(store, row, tx)
      const killed =
        failure.kind === 'internal' ? agentsError('agents.gave_up', { attempts: ATTEMPTS }) : failure
      await endRun(tx, needs, agent, run, failedBy(killed), requestId)
    },
  }
}

interface Work extends RunJobNeeds {
  readonly row: StoredRun
  readonly agent: Agent
  readonly here: LiveRun
  readonly requestId: string
  /** The consumer's: its abort means that the work is put back, not that it failed. */
  readonly signal: AbortSignal
}

const begin = ({ db, store, events }: RunJobNeeds, run: string, requestId: string) =>
  db.transaction().execute(async (tx) => {
    const row = await store.begin(tx, run)
    if (row?.attempt === 1) {
      const { asker, room, message } = row
      const agent = await agentOf(store, row, tx)
      const data = { run, agent: nameOf(agent), room, message }
      await events.append(tx, { type: runStarted, principal: asker, requestId, data, ...(room && { room }) })
    }
    return row
  })

/** Undefined where the run was cancelled meanwhile: then its end is stored already. */
async function work(needs: Work): Promise<RunEnd | undefined> {
  const { here, limits } = needs
  const limit = deadline(limits.runMs)
  const signal = AbortSignal.any([needs.signal, here.cancelled, limit])
  try {
    const context = needs.row.context ?? (await findOut(needs, signal))
    return await speak(needs, context, signal)
  } catch (cause) {
    if (here.cancelled.aborted) return undefined
    if (needs.signal.aborted || !limit.aborted) throw cause
    return failedBy(agentsError('agents.too_long', { seconds: Math.round(limits.runMs / 1000) }), here.text)
  }
}

async function findOut(needs: Work, signal: AbortSignal): Promise<RunContext> {
  const { row, agent, store } = needs
  const { request } = row
  const question = questionOf(request, agent.names)
  const fromParts = await step(needs, 'parts', request.parts.length > 0, async () => {
    const findings = partFindings(request, agent.names, question)
    const failed = request.parts.filter((part) => part.state === 'failed').length
    return { value: findings, detail: { parts: request.parts.length, failed, passages: findings.length } }
  })
  const found = await step(needs, 'retrieve', request.room !== null, () => look(needs, question, signal))
  const findings = [...(fromParts ?? []), ...(found?.findings ?? []), ...messageFindings(request, agent.id)]
  const context = {
    question,
    language: answerLanguage(question, findings),
    sources: numbered(findings),
    unread: found?.unread ?? [],
  }
  await store.keepContext(row.id, row.attempt, context)
  return context
}

/** Search that is absent or down costs its passages, not the answer; the step says so. */
async function look(needs: Work, question: string, signal: AbortSignal) {
  const { knowledge, row, requestId } = needs
  if (!knowledge) return { value: undefined, detail: { absent: true } }
  try {
    const value = await retrieve(knowledge, row.request, question, { signal, requestId })
    const { findings, unread, engine } = value
    return { value, detail: { passages: findings.length, unread: unread.length, engine } }
  } catch (cause) {
    signal.throwIfAborted()
    return { value: undefined as Retrieved | undefined, failed: AppError.from(cause) }
  }
}

/** Runs one step of the trace. What is there after a crash shows how far it came. */
async function step<T>(
  { row, here, store, db }: Work,
  kind: 'parts' | 'retrieve',
  wanted: boolean,
  run: () => Promise<
    { value: T; detail: Readonly<Record<string, unknown>> } | { value: T; failed: AppError }
  >,
): Promise<T | undefined> {
  if (!wanted) return undefined
  const index = await store.openStep(row.id, kind)
  here.at(kind, 'running')
  const result = await run()
  const end =
    'failed' in result
      ? { state: 'failed' as const, detail: { code: result.failed.code } }
      : { state: 'done' as const, detail: result.detail }
  await store.closeStep(db, row.id, index, end)
  here.at(kind, end.state)
  return result.value
}

/** A failure of the model is how the run ends, not a reason to ask once more: the engine has tried already. */
async function speak(needs: Work, context: RunContext, signal: AbortSignal): Promise<RunEnd> {
  const { row, agent, here, store, db, ids } = needs
  const prompts = await store.prompts(agent.id)
  const nonce = ids.make('d').slice(-10)
  const prompt = buildPrompt(prompts, row.request, context, agent, nonce)
  const index = await store.openStep(row.id, 'model')
  here.at('model', 'running')
  try {
    const answer = await askAndKeep(needs, prompt, signal)
    const { model, tokensIn, tokensOut, estimated } = answer
    const detail = { model, sources: context.sources.length, estimated, cutShort: answer.cutShort }
    await store.closeStep(db, row.id, index, { state: 'done', detail, tokensIn, tokensOut })
    return doneWith(answer, context)
  } catch (cause) {
    signal.throwIfAborted()
    if (!(cause instanceof AppError)) throw cause
    await store.closeStep(db, row.id, index, { state: 'failed', detail: { code: cause.code } })
    return failedBy(cause, here.text)
  }
}

async function askAndKeep(needs: Work, prompt: ReturnType<typeof buildPrompt>, signal: AbortSignal) {
  const { row, here, llm, store, clock, limits } = needs
  let keptAt = clock.now()
  let keeping = Promise.resolve()
  const answer = askModel({
    baseUrl: llm.baseUrl,
    fetch: llm.fetchAs({ principal: row.request.asker, service: 'agents' }),
    model: 'city',
    prompt,
    maxTokens: limits.maxTokens,
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

function doneWith(answer: ModelAnswer, context: RunContext): RunEnd {
  const whole = answer.cutShort ? `${answer.text}\n\n${CUT_SHORT[context.language]}` : answer.text
  const { text, citations } = cite(storable(whole), context.sources)
  return { state: 'done', text, citations, engine: answer.model, error: null }
}

const failedBy = (failure: AppError, text = ''): RunEnd => {
  const { error } = failure.toJSON()
  return { state: 'failed', text: storable(text), citations: [], engine: null, error }
}

/** Ends a run and says so, in one transaction; false where it was over already. */
export async function endRun(
  tx: AgentsTx,
  { store, events }: Pick<RunJobNeeds, 'store' | 'events'>,
  agent: Agent,
  run: string,
  end: RunEnd,
  requestId?: string,
  attempt?: number,
): Promise<boolean> {
  const row = await store.end(tx, run, end, attempt)
  if (!row) return false
  const { room, message, asker } = row
  const { state, text, engine, error } = end
  const about = { run, agent: nameOf(agent), room, message }
  await events.append(tx, {
    type: runFinished,
    principal: asker,
    ...(requestId !== undefined && { requestId }),
    ...(room && { room }),
    data: { ...about, state, text, citations: [...end.citations], engine, ...(error && { error }) },
  })
  return true
}

const nameOf = ({ id, slug, name }: Agent) => ({ id, slug, name })

async function agentOf(store: AgentsStore, row: StoredRun, tx?: AgentsDb): Promise<Agent> {
  const agent = await store.agent(row.agent, tx)
  if (!agent) throw agentsError('agents.agent_not_found')
  return agent
}
