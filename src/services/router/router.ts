import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Kysely } from 'kysely'
import { beyondText } from '../../engines/routing/v1-form.ts'
import type { Clock } from '../../kernel/clock.ts'
import { type Call, type Client, type Handlers, invoke } from '../../kernel/contract.ts'
import { AppError, type ErrorKind } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import { isOperator } from '../../kernel/principal.ts'
import type { AnyTables } from '../../platform/database/database.ts'
import { createOnce } from '../../platform/database/once.ts'
import type { Events } from '../../platform/events/events.ts'
import { answerWithEvents, type Emit } from '../../platform/http/event-answer.ts'
import { failureOf, retryAfter } from '../../platform/http/http.errors.ts'
import { readForm } from '../../platform/http/read-form.ts'
import { admitFirst, inputReader, openCall } from '../../platform/http/serve.ts'
import type { Authenticate, Service } from '../../platform/http/service.ts'
import type { Metrics } from '../../platform/metrics.ts'
import type { authContract } from '../auth/auth.contract.ts'
import { residentErased } from '../auth/auth.events.ts'
import { agentCalled } from '../city/city.events.ts'
import type { routerV1Contract } from '../router-v1/router-v1.contract.ts'
import { routerV1Error } from '../router-v1/router-v1.errors.ts'
import type { RouteAnswer, RouteRequest, routerV2Contract } from '../router-v2/router-v2.contract.ts'
import { formOptions, requestOfForm, withFiles } from '../router-v2/router-v2.form.contract.ts'
import type { Outcome } from './compare.ts'
import { routerContract } from './router.contract.ts'
import { routerError } from './router.errors.ts'
import { callFailed } from './router.events.ts'
import type { RouterTables } from './router.tables.ts'
import { createShadow } from './shadow.ts'
import { createSplit, placeOf } from './split.ts'

export interface RouterNeeds {
  readonly db: Kysely<AnyTables>
  readonly events: Events
  readonly auth: Pick<Client<typeof authContract>, 'principals'>
  /** Without it everything is v2's, and nothing is fallen back to. */
  readonly routerV1?: Pick<Client<typeof routerV1Contract>, 'route' | 'deliver'> | undefined
  /** Without it everything is v1's, whatever the weight, and what v1 cannot take is refused. */
  readonly routerV2?: Pick<Client<typeof routerV2Contract>, 'route' | 'deliver'> | undefined
  /** v2's answer as it comes about, where whoever asked wants to be told. */
  readonly streamV2?: ((input: RouteRequest, options: Asking, emit: Emit) => Promise<RouteAnswer>) | undefined
  /** Of one file in a form; 25 MB where nothing is said. */
  readonly maxPartBytes?: number
  readonly clock: Clock
  readonly ids: Ids
  readonly random: () => number
  readonly metrics?: Pick<Metrics, 'counter'>
  readonly failed?: (failure: unknown) => void
}

const MAX_BODY_BYTES = 64 * 1024 * 1024
const MAX_PART_BYTES = 25 * 1024 * 1024
const CONCURRENCY = 4
/** What the way back takes, on top of the answer itself. */
const GRACE_MS = 5_000
/** Of the time there is, what v2 may take where v1 could still answer after it. */
const SHARE_OF_V2 = 0.6
const LEAST_MS = 500
/** v2's own failures; what a request itself did wrong would be wrong with v1 too. */
const FALLS_BACK: readonly ErrorKind[] = ['internal', 'unavailable', 'upstream', 'timeout']

/** Who asks, and until when. */
export interface Asking {
  readonly principal: Call['principal']
  readonly requestId: string
  readonly signal: AbortSignal
  readonly timeoutMs: number
}

/** The front: every call of a room and every request of a program goes through it to the router that the weight picks, and to the other where v2 fails. */
export function createRouter(needs: RouterNeeds): Service<typeof routerContract> {
  const { db, events, auth, routerV1, routerV2, clock, ids, metrics } = needs
  const own = db.withTables<RouterTables>()
  const split = createSplit(own, clock)
  const shadow = createShadow({ db: own, clock, ids, ...(needs.failed && { failed: needs.failed }) })
  const once = createOnce({ db, table: 'router.once', clock, ids })
  const fallbacks = metrics?.counter(
    'router_v2_fallback_total',
    'Requests that v2 failed and another router answered',
    [],
  )
  const answers = metrics?.counter('router_requests_total', 'Requests of the front by who took them', [
    'router',
    'kind',
  ])

  const picks = async (principal: string): Promise<'v1' | 'v2'> =>
    routerV1 && (!routerV2 || placeOf(principal) >= (await split.setting()).weight) ? 'v1' : 'v2'
  const v2 = () => {
    if (!routerV2) throw routerError('router.no_v2')
    return routerV2
  }
  const mayFallBack = (failure: unknown, signal: AbortSignal) =>
    routerV1 !== undefined && !signal.aborted && FALLS_BACK.includes(AppError.from(failure).kind)

  events.consume({
    name: 'router.call',
    db,
    types: [agentCalled],
    concurrency: CONCURRENCY,
    async handle({ data, requestId }, { signal }) {
      const about = { signal, ...(requestId !== undefined && { requestId }) }
      const { items } = await auth.principals({ ids: [data.asker] }, about)
      const principal = items.find(({ id }) => id === data.asker)
      if (!principal) throw routerError('router.asker_unknown')
      const call = { ...data, principal }
      const options = { ...about, principal }
      const wordsAlone = data.parts.length === 0
      if (wordsAlone && routerV1 && (await picks(principal.id)) === 'v1') {
        await routerV1.deliver(call, options)
        return answers?.inc({ router: 'v1', kind: 'call' })
      }
      try {
        await v2().deliver(call, options)
        answers?.inc({ router: 'v2', kind: 'call' })
      } catch (failure) {
        if (!routerV1 || !wordsAlone || !mayFallBack(failure, signal)) throw failure
        // The same run again is the same run: what v2 may have begun all the same is not begun twice.
        await routerV1.deliver(call, options)
        fallbacks?.inc()
        answers?.inc({ router: 'v1', kind: 'call' })
      }
    },
    async failed({ data, requestId }, failure, tx) {
      const { run, room, message, asker } = data
      await events.append(tx, {
        type: callFailed,
        principal: asker,
        room: room.id,
        ...(requestId !== undefined && { requestId }),
        data: { run, room: room.id, message, error: failure.toJSON().error },
      })
    },
  })
  events.consume({
    name: 'router.erase_resident',
    db: db.withTables<{ 'router.once': { principal: string } }>(),
    types: [residentErased],
    async handle({ data: { principal } }, job) {
      await job.commit(async (tx) => {
        await tx.deleteFrom('router.once').where('principal', '=', principal).execute()
      })
    },
  })

  type Answer = Awaited<ReturnType<Handlers<typeof routerContract>['route']>>

  async function askV1(input: RouteRequest, options: Asking): Promise<Answer> {
    const { idempotencyKey: _key, timeoutMs: _time, message = '', ...rest } = input
    if (!routerV1) throw routerV1Error('router_v1.text_only', { found: 'it' })
    return { ...(await routerV1.route({ ...rest, message }, options)), router: 'v1' }
  }
  async function askV2(input: RouteRequest, options: Asking, emit?: Emit): Promise<Answer> {
    const { streamV2 } = needs
    const answered =
      emit && streamV2 ? await streamV2(input, options, emit) : await v2().route(input, options)
    return { ...answered, router: 'v2' }
  }

  async function answer(
    input: RouteRequest,
    call: Call,
    token: string | undefined,
    emit?: Emit,
  ): Promise<Answer> {
    const { principal, requestId, signal } = call
    const end = clock.now() + input.timeoutMs
    const keyed = token === undefined ? input : { ...input, idempotencyKey: token }
    const options = (ms: number) => ({ principal, requestId, signal, timeoutMs: ms + GRACE_MS })
    const v1Can = routerV1 !== undefined && takenByV1(input)
    if (v1Can && (await picks(principal?.id ?? '')) === 'v1')
      return await askV1(input, options(input.timeoutMs))
    const first = v1Can ? Math.max(1_000, Math.floor(input.timeoutMs * SHARE_OF_V2)) : input.timeoutMs
    try {
      return await askV2({ ...keyed, timeoutMs: first }, options(first), emit)
    } catch (failure) {
      const left = end - clock.now()
      if (!v1Can || left < LEAST_MS || !mayFallBack(failure, signal)) throw failure
      const answered = await askV1(input, { ...options(left), timeoutMs: left })
      fallbacks?.inc()
      return answered
    }
  }

  async function route(input: RouteRequest, call: Call, emit?: Emit): Promise<Answer> {
    // The routers believe the front, so the front asks who it is.
    const system = input.payload?.context?.system_prompt
    if (system !== undefined && !call.service && !isOperator(call.principal))
      throw routerV1Error('router_v1.system_prompt')
    const { idempotencyKey: key, ...request } = input
    const since = clock.now()
    const work = (token?: string) => answer(input, call, token, emit)
    const asking =
      key === undefined
        ? work()
        : once({ principal: call.principal?.id ?? '', key, request, signal: call.signal }, work)
    const outcome: Outcome<Answer> = await asking.then(
      (value) => ({ value }),
      (failure: unknown) => ({ failure }),
    )
    if (routerV1 && routerV2 && takenByV1(input) && needs.random() * 100 < (await split.setting()).shadow)
      compareBoth(input, call, outcome, clock.now() - since)
    if ('failure' in outcome) throw outcome.failure
    answers?.inc({ router: outcome.value.router, kind: 'request' })
    return outcome.value
  }

  function compareBoth(input: RouteRequest, call: Call, outcome: Outcome<Answer>, tookMs: number): void {
    const by = 'value' in outcome ? outcome.value.router : 'v2'
    const { principal, requestId } = call
    const { idempotencyKey: _key, ...request } = input
    const ask = by === 'v1' ? askV2 : askV1
    shadow.compareWith(by, outcome, tookMs, (signal) =>
      ask(request, { principal, requestId, signal, timeoutMs: input.timeoutMs }),
    )
  }

  const shown = async () => ({ ...(await split.setting()), v1: routerV1 !== undefined })
  const handlers: Handlers<typeof routerContract> = {
    route: (input, call) => route(input, call),
    weight: shown,
    async setWeight(change, { principal }) {
      await split.set(change, principal?.id ?? '')
      return await shown()
    },
    differences: (input) => shadow.differences(input),
  }

  return {
    contract: routerContract,
    handlers,
    custom: ['route'],
    routes: (app, authenticate) => serveRoute(app, authenticate, route, needs.maxPartBytes ?? MAX_PART_BYTES),
    stop: () => shadow.stop(),
  }
}

/** Whether v1 can take a request: words alone, in its own form. */
const takenByV1 = (input: RouteRequest): boolean =>
  input.message !== undefined &&
  input.parts === undefined &&
  input.room === undefined &&
  beyondText(input) === null

/** Its own route: bodies with whole files in them, as JSON or a form, answered whole or as it goes; v1's clients look for `ok`. */
function serveRoute(
  app: FastifyInstance,
  authenticate: Authenticate,
  route: (input: RouteRequest, call: Call, emit?: Emit) => Promise<unknown>,
  maxPartBytes: number,
): void {
  const op = routerContract.route
  const read = inputReader(op)
  app.route({
    method: op.method,
    url: op.path,
    bodyLimit: MAX_BODY_BYTES,
    onRequest: admitFirst(op, authenticate),
    async handler(request, reply) {
      const call = await openCall(request, reply, op, authenticate)
      const raw = request.headers['content-type']?.startsWith('multipart/form-data')
        ? await formOf(request, maxPartBytes)
        : read(request)
      const key = request.headers['idempotency-key']
      const input = typeof key === 'string' ? { ...raw, idempotencyKey: key } : raw
      const run = (emit?: Emit) =>
        invoke(op, (judged: RouteRequest, own) => route(judged, own, emit) as never, input, call)
      if (request.headers.accept?.includes('text/event-stream'))
        return answerWithEvents(request, reply, call, run)
      try {
        return await run()
      } catch (cause) {
        if (!('message' in raw)) throw cause
        const failure = failureOf(cause)
        if (failure.kind === 'internal') request.log.error({ err: cause, route: op.path }, 'bug')
        const later = retryAfter(failure)
        if (later !== undefined) reply.header('retry-after', later)
        return reply.code(failure.status).send({ ok: false, ...failure.toJSON() })
      }
    },
  })
}

async function formOf(request: FastifyRequest, maxPartBytes: number): Promise<Record<string, unknown>> {
  const { fields, files } = await readForm(request, formOptions(maxPartBytes, MAX_BODY_BYTES))
  return withFiles(requestOfForm(fields), files)
}
