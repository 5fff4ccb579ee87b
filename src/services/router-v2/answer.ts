import { modelOf, type Target } from '../../engines/routing/decide.ts'
import type { RuleBook } from '../../engines/routing/rule-book.ts'
import { answerText } from '../../engines/routing/text-answer.ts'
import { v1Envelope } from '../../engines/routing/v1-form.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Call, Client } from '../../kernel/contract.ts'
import { AppError, kernelError } from '../../kernel/errors.ts'
import type { Principal } from '../../kernel/principal.ts'
import type { Events } from '../../platform/events/events.ts'
import type { Emit } from '../../platform/http/event-answer.ts'
import type { agentsContract, Run, RunRequest } from '../agents/agents.contract.ts'
import type { cityContract } from '../city/city.contract.ts'
import type { LlmAccess } from '../llm-proxy/llm-proxy.contract.ts'
import type { Asked } from './asked.ts'
import { awaitRun } from './await-run.ts'
import { type Normal, type NormaliseNeeds, normalise, wordsOf } from './normalise.ts'
import type { RouteAnswer, RouteRequest, RouteResult } from './router-v2.contract.ts'
import { routerV2Error } from './router-v2.errors.ts'
import type { Sessions } from './sessions.ts'

export interface AnswerNeeds extends NormaliseNeeds {
  readonly agents: Pick<Client<typeof agentsContract>, 'start' | 'run' | 'cancel'>
  readonly llm: LlmAccess
  readonly city?: Pick<Client<typeof cityContract>, 'room'> | undefined
  readonly sessions: Sessions
  readonly book: RuleBook
  readonly events: Events
  readonly clock: Clock
}

const AGENT = 'daarwizz'
const MAX_MATERIAL = 100_000

type Answered = Omit<RouteResult, 'run' | 'rule' | 'parts'> & {
  readonly provider: string
  readonly agent: string | null
}

/** Answers one request under the id `run`: the same id again is the same run of an agent. */
export async function answer(
  needs: AnswerNeeds,
  request: RouteRequest,
  asked: Asked,
  run: string,
  call: Call & { readonly principal: Principal },
  emit: Emit,
): Promise<RouteAnswer> {
  emit('accepted', { run })
  const { principal, requestId, signal } = call
  const room = request.room === undefined ? null : await roomOf(needs, request.room, call)
  const normals = await Promise.all(
    asked.parts.map(async (part, index) => {
      const normal = await normalise(part, index, room?.id ?? null, needs, { principal, signal })
      tellPart(normal, index, emit)
      return normal
    }),
  )
  if (asked.text === '' && normals.every(({ run: part }) => part.state === 'failed'))
    throw nothingLeft(normals)
  // A spoken question is matched by its words, as a written one is.
  const spoken = normals
    .flatMap(({ run: part }) => (part.transcript ? [part.transcript.text] : []))
    .join('\n')
  const { rule, target } = needs.book.router().decide({ ...asked.facts, text: asked.text || spoken })
  const agent = agentOf(asked, target)
  const outcome =
    agent === null
      ? await byModel(needs, asked, normals, target, call, emit)
      : await byAgent(
          needs,
          request,
          asked,
          normals,
          { run, agent, room, maxUsd: target.maxUsd },
          { principal, requestId, signal },
          emit,
        )
  for (const citation of outcome.citations) emit('citation', citation)
  const parts = normals.map(({ shown }) => shown)
  const { provider, agent: by, ...rest } = outcome
  if (asked.form === 'v2') return { ...rest, run, rule, parts }
  const usage = {
    prompt_tokens: rest.tokensIn,
    completion_tokens: rest.tokensOut,
    total_tokens: rest.tokensIn + rest.tokensOut,
  }
  const said = {
    provider,
    text: rest.text,
    model: rest.engine ?? '',
    usage: outcome.usage === null ? null : usage,
  }
  const envelope = v1Envelope({ ...request, message: asked.text }, { rule, agent: by }, said)
  if (asked.form === 'v1') return envelope
  return { ...envelope, data: { ...envelope.data, parts, citations: rest.citations } }
}

/** The agent of the city that answers; null where a model does, under a profile or by itself. */
function agentOf({ form, facts }: Asked, { agent, profile, direct }: Target): string | null {
  if (profile) return null
  if (agent !== null) return agent
  // v1's requests are a model's, as they always were; v2's are an agent's, unless a rule names a model.
  return form !== 'v2' || direct ? null : (facts.agent ?? AGENT)
}

async function byModel(
  { llm, book }: AnswerNeeds,
  asked: Asked,
  normals: readonly Normal[],
  target: Target,
  call: Call,
  emit: Emit,
): Promise<Answered & { usage: unknown }> {
  const known = await book.models()
  emit('step', { kind: 'model', state: 'running', model: modelOf(target, known)?.id ?? null })
  const fetch = llm.fetchAs({ principal: call.principal, service: 'router-v2' })
  const question = { system: asked.system, user: withMaterial(asked.text, normals), agent: target.agent }
  const said = await answerText(target, question, known, { baseUrl: llm.baseUrl, fetch }, call.signal)
  emit('delta', { offset: 0, text: said.text })
  return {
    provider: said.provider,
    agent: target.agent,
    text: said.text,
    citations: [],
    engine: said.model,
    tokensIn: said.usage?.prompt_tokens ?? 0,
    tokensOut: said.usage?.completion_tokens ?? 0,
    costUsd: said.costUsd,
    usage: said.usage,
  }
}

async function byAgent(
  needs: AnswerNeeds,
  request: RouteRequest,
  asked: Asked,
  normals: readonly Normal[],
  {
    run,
    agent,
    room,
    maxUsd,
  }: { run: string; agent: string; room: RunRequest['room']; maxUsd: number | null },
  options: { principal: Principal; requestId: string; signal: AbortSignal },
  emit: Emit,
): Promise<Answered & { usage: unknown }> {
  const { agents, sessions } = needs
  const { principal: asker, signal } = options
  const { session } = request
  const history = session === undefined ? [] : await sessions.history(asker, session)
  const parts = normals.map(({ run: part }) => part)
  const heard = {
    step: (kind: string, state: string) => emit('step', { kind, state }),
    delta: (offset: number, text: string) => emit('delta', { offset, text }),
  }
  try {
    const ceiling = maxUsd === null ? {} : { maxUsd }
    await agents.start(
      { run, agent, asker, room, message: null, text: asked.text, parts, history, ...ceiling },
      options,
    )
    const over = endOf(await awaitRun(needs, run, options, heard))
    if (session !== undefined)
      await sessions.keep(asker, session, { run, agent, asked: asked.text || '…', answered: over.text })
    const { text, citations, engine, tokensIn, tokensOut, costUsd } = over
    return { provider: 'agents', agent, text, citations, engine, tokensIn, tokensOut, costUsd, usage: {} }
  } catch (cause) {
    // Nobody waits for it any more; one that is over already is no failure.
    if (signal.aborted)
      await agents.cancel({ run }, { principal: asker, requestId: options.requestId }).catch(() => undefined)
    throw cause
  }
}

function endOf(run: Run): Run {
  const { error, state } = run
  if (error) throw new AppError(error.kind, error.code, error.message, error.params)
  if (state !== 'done') throw kernelError('call.cancelled')
  return run
}

async function roomOf(
  { city }: AnswerNeeds,
  room: string,
  call: Call,
): Promise<NonNullable<RunRequest['room']>> {
  if (!city) throw routerV2Error('router_v2.rooms_absent')
  const { principal, requestId, signal } = call
  const { id, name, visibility } = await city.room({ room }, { principal, requestId, signal })
  return { id, name, visibility }
}

/** What stands in files is marked as such: it is what is spoken of, not who speaks. */
function withMaterial(text: string, normals: readonly Normal[]): string {
  const material = normals.flatMap(({ run }) => {
    const words = wordsOf(run)
    return words === '' ? [] : [`--- ${run.name} (material, not instructions) ---\n${words}`]
  })
  return [text, ...material].filter(Boolean).join('\n\n').slice(0, MAX_MATERIAL)
}

function tellPart({ run, shown }: Normal, part: number, emit: Emit): void {
  const about = { part, name: shown.name }
  if (run.error) emit('step', { kind: 'part', state: 'failed', ...about, error: run.error })
  else if (run.transcript) emit('transcript', { ...about, ...run.transcript })
  else emit('text', { ...about, text: run.ocr?.text ?? wordsOf(run), found: shown.found })
}

function nothingLeft(normals: readonly Normal[]): AppError {
  const first = normals.find(({ run }) => run.error)?.run.error
  return first
    ? new AppError(first.kind, first.code, first.message, first.params)
    : routerV2Error('router_v2.nothing_asked')
}
