import type { Clock } from '../../kernel/clock.ts'
import type { Call, Client, Handlers } from '../../kernel/contract.ts'
import { deadline } from '../../kernel/deadline.ts'
import { AppError, kernelError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Principal } from '../../kernel/principal.ts'
import type { Events } from '../../platform/events/events.ts'
import { serveLarge } from '../../platform/http/serve.ts'
import type { Service } from '../../platform/http/service.ts'
import type { Metrics } from '../../platform/metrics.ts'
import type { agentsContract, Run, RunRequest } from '../agents/agents.contract.ts'
import type { cityContract } from '../city/city.contract.ts'
import type { PartArtefacts } from './artefacts.ts'
import { awaitRun } from './await-run.ts'
import { normalise, type RunPart } from './normalise.ts'
import { type RouteRequest, type RouteResult, routerV2Contract } from './router-v2.contract.ts'
import { routerV2Error } from './router-v2.errors.ts'

export interface RouterV2Needs {
  readonly agents: Pick<Client<typeof agentsContract>, 'start' | 'run' | 'cancel'>
  readonly artefacts: PartArtefacts
  /** Without it a request cannot name a room. */
  readonly city?: Pick<Client<typeof cityContract>, 'room'> | undefined
  readonly events: Events
  readonly clock: Clock
  readonly ids: Ids
  readonly metrics?: Pick<Metrics, 'counter'>
  /** Of one part; 25 MB where nothing is said. */
  readonly maxPartBytes?: number
}

/** Room for several parts in base64. */
const MAX_BODY_BYTES = 64 * 1024 * 1024
const MAX_PART_BYTES = 25 * 1024 * 1024

/** Brings requests to their agents: the calls of rooms, and whole requests of programs, whose files become text first. */
export function createRouterV2(needs: RouterV2Needs): Service<typeof routerV2Contract> {
  const { agents, artefacts, ids } = needs
  const requests = needs.metrics?.counter('router_v2_requests_total', 'Requests by kind and outcome', [
    'kind',
    'outcome',
  ])

  async function counted<T>(kind: 'route' | 'deliver', work: () => Promise<T>): Promise<T> {
    try {
      const result = await work()
      requests?.inc({ kind, outcome: 'done' })
      return result
    } catch (cause) {
      requests?.inc({ kind, outcome: AppError.from(cause).kind })
      throw cause
    }
  }

  async function roomOf(room: string, call: Call): Promise<RunRequest['room']> {
    if (!needs.city) throw routerV2Error('router_v2.rooms_absent')
    const { id, name, visibility } = await needs.city.room({ room }, optionsOf(call))
    return { id, name, visibility }
  }

  async function route(input: RouteRequest, call: Call, asker: Principal): Promise<RouteResult> {
    const limit = deadline(input.timeoutMs)
    const signal = AbortSignal.any([call.signal, limit])
    const run = ids.make('run')
    const options = { principal: asker, requestId: call.requestId }
    let started = false
    try {
      const room = input.room === undefined ? null : await roomOf(input.room, { ...call, signal })
      const { text, parts } = await readable(input, { principal: asker, signal })
      const request = { run, agent: input.agent, asker, room, message: null, text, parts, history: [] }
      started = true
      await agents.start(request, { ...options, signal })
      return resultOf(await awaitRun(needs, run, { ...options, signal }), parts)
    } catch (cause) {
      if (!signal.aborted) throw cause
      // Nobody waits for it any more; one that is over already is no failure.
      if (started) await agents.cancel({ run }, options).catch(() => undefined)
      if (limit.aborted && !call.signal.aborted) throw kernelError('call.timeout', {}, { cause })
      throw cause
    }
  }

  /** Text parts are the question; every other becomes what can be read of it, or says why not. */
  async function readable(input: RouteRequest, call: { principal: Principal; signal: AbortSignal }) {
    const text = input.parts
      .flatMap((part) => (part.type === 'text' ? [part.text] : []))
      .join('\n\n')
      .trim()
    const files = input.parts.flatMap((part) => (part.type === 'text' ? [] : [part]))
    const maxBytes = needs.maxPartBytes ?? MAX_PART_BYTES
    const parts = await Promise.all(
      files.map((part, index) => normalise(part, index, artefacts, maxBytes, call)),
    )
    if (text === '' && parts.every(({ state }) => state === 'failed')) throw nothingLeft(parts)
    return { text, parts }
  }

  const handlers: Handlers<typeof routerV2Contract> = {
    route: (input, call) =>
      counted('route', async () => {
        if (!call.principal) throw kernelError('auth.required')
        return await route(input, call, call.principal)
      }),

    deliver: ({ principal, ...called }, call) =>
      counted('deliver', async () => {
        const request = { ...called, asker: principal }
        const { run } = await agents.start(request, { ...optionsOf(call), principal })
        return { run }
      }),
  }

  return {
    contract: routerV2Contract,
    handlers,
    custom: ['route'],

    routes: (app, authenticate) =>
      serveLarge(app, routerV2Contract.route, handlers.route, authenticate, MAX_BODY_BYTES),
  }
}

const optionsOf = ({ principal, requestId, signal }: Call) => ({ principal, requestId, signal })

function nothingLeft(parts: readonly RunPart[]): AppError {
  const first = parts.find(({ error }) => error)?.error
  return first
    ? new AppError(first.kind, first.code, first.message, first.params)
    : routerV2Error('router_v2.nothing_asked')
}

function resultOf(run: Run, parts: readonly RunPart[]): RouteResult {
  const { error, state } = run
  if (error) throw new AppError(error.kind, error.code, error.message, error.params)
  if (state !== 'done') throw kernelError('call.cancelled')
  const shown = parts.map(({ file: _file, sizeBytes: _size, pages: _pages, ...part }) => part)
  const { text, citations, engine, tokensIn, tokensOut, costUsd } = run
  return { run: run.id, text, citations, engine, parts: shown, tokensIn, tokensOut, costUsd }
}
