import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../../kernel/clock.ts'
import { isOperator, type Principal } from '../../../kernel/principal.ts'
import { duringOutages } from '../../../platform/events/outage.ts'
import type { Authenticate } from '../../../platform/http/service.ts'
import { CLOSE, type LiveLimits } from '../../../platform/live/limits.ts'
import { type Live, liveRoute } from '../../../platform/live/live.ts'
import { type Frame, frame } from '../../../platform/live/wire.ts'
import { runDelta, runStep } from '../../agents/agents.events.ts'
import { credentialRevoked } from '../../auth/auth.events.ts'
import { documentProgress } from '../../knowledge/knowledge.events.ts'
import { jobChanged, partProgress } from '../../multimodal-gateway/multimodal-gateway.events.ts'
import { cityContract } from '../city.contract.ts'
import type { ServerFrame } from '../city.live.contract.ts'
import type { PresenceState } from '../presence.contract.ts'
import type { AgentPresence } from './agent-presence.ts'
import { accessChanged, personal, queueChanged, roomEvent, signal } from './channels.ts'
import type { Feeds } from './feeds.ts'
import { type VisitNeeds, Visitor } from './visitor.ts'

export interface LiveCityNeeds extends Omit<VisitNeeds, 'everybody' | 'left'> {
  readonly clock: Clock
  readonly agents: AgentPresence
  readonly publicUrl: string
  readonly limits?: Partial<LiveLimits> | undefined
}

/** In a city with more people than this about, each asks for those it shows instead of being told of all. */
const MAX_TOLD = 500
/** In a room that more than this many follow, nobody is told how far each of the others has read. */
const MAX_RECEIPTS = 100

/** `GET /api/city/live`: what happens in the rooms a client follows, as it happens; and what it says, without a request for each. */
export function liveCity(app: FastifyInstance, authenticate: Authenticate, needs: LiveCityNeeds): Live {
  const { events, feeds, clock, publicUrl, limits, presence, agents } = needs
  const sockets = createSockets()
  const everybody = () => frame(tellAll(needs))
  const shared: VisitNeeds = { ...needs, everybody, left: sockets.delete }

  const live = liveRoute(app, '/api/city/live', {
    authenticate,
    right: cityContract.messages.right,
    publicUrl,
    clock,
    ...(limits && { limits }),
    opened(connection) {
      // `liveRoute` lets nobody in who is nobody.
      const visitor = new Visitor(connection, connection.identity.principal as Principal, shared)
      sockets.add(visitor)
      return visitor
    },
  })

  /** A change goes as it comes to whoever reports; made into bytes once. */
  const tellPresence = (people: readonly (readonly [string, PresenceState])[]): void => {
    const told = frame({
      type: 'presence',
      people: people.map(([principal, state]) => ({ principal, state })),
    } satisfies ServerFrame)
    for (const visitor of sockets.all()) if (visitor.reports) visitor.send(told)
  }
  presence.changed((people) => {
    if (presence.people.size <= MAX_TOLD)
      tellPresence(people.slice(0, MAX_TOLD).map(([person, now]) => [person, now?.state ?? 'gone']))
  })
  agents.changed(tellPresence)

  const quiet = [
    events.listen(roomEvent, ({ room, seq }) => feeds.grew(room, seq)),
    events.listen(signal, ({ room, frame: said, only }) => {
      const crowd = said.type === 'read' && feeds.count(room) > MAX_RECEIPTS
      const to = only ?? (crowd ? String(said.principal) : undefined)
      if (to === undefined) return feeds.signal(room, () => frame({ ...said, room }))
      const told = frame({ ...said, room })
      for (const visitor of sockets.of(to)) if (feeds.follows(room, visitor)) visitor.send(told)
    }),
    events.listen(personal, ({ principal, frame: said }) => {
      const told = frame(said)
      for (const visitor of sockets.of(principal)) visitor.send(told)
    }),
    events.listen(queueChanged, ({ people }) => {
      const told = frame({ type: 'reports' } satisfies ServerFrame)
      const keepers = new Set(people)
      for (const visitor of sockets.all())
        if (keepers.has(visitor.person) || isOperator(visitor.principal)) visitor.send(told)
    }),
    events.listen(runDelta, ({ room, run, offset, text }) => {
      if (room !== null) tell(feeds, { type: 'delta', room, run, offset, text })
    }),
    events.listen(runStep, ({ room, run, state, step }) => {
      if (room !== null) tell(feeds, { type: 'run', room, run, state, step })
    }),
    events.listen(partProgress, (progress) => tell(feeds, { type: 'progress', ...progress })),
    events.listen(jobChanged, ({ job: id, now }) => {
      if (!now) return
      const { owner, progress, state } = now
      let told: Frame | undefined
      for (const visitor of sockets.of(owner)) {
        told ??= frame({ type: 'job', id, state, progress } satisfies ServerFrame)
        visitor.send(told)
      }
    }),
    events.listen(documentProgress, (progress) => tell(feeds, { type: 'progress', ...progress })),
    events.listen(accessChanged, ({ room, principal }) => {
      const touched = principal === undefined ? sockets.all() : sockets.of(principal)
      for (const visitor of touched) visitor.recheck(room)
    }),
    events.listen(credentialRevoked, ({ principal, type, id }) =>
      live.closeWhere(
        (identity) =>
          identity.principal?.id === principal &&
          (type === 'all' ||
            (identity.credential?.type === type && (id === undefined || identity.credential.id === id))),
        CLOSE.credentialGone,
        'credential gone',
      ),
    ),
    // What is taken from them meanwhile, nobody can tell here.
    duringOutages(events, clock, () => live.recheck()),
    // What they are has changed: their sockets come back as that.
    events.listen(credentialRevoked, ({ principal, type }) => {
      if (type === 'role')
        live.closeWhere((identity) => identity.principal?.id === principal, CLOSE.restart, 'role')
    }),
  ]

  return {
    get size() {
      return live.size
    },
    closeWhere: live.closeWhere,
    recheck: live.recheck,
    stop() {
      for (const stop of quiet) stop()
      live.stop()
    },
  }
}

const tell = (feeds: Feeds, said: Extract<ServerFrame, { room: string }>): void =>
  feeds.signal(said.room, () => frame(said))

function tellAll({ presence, agents }: LiveCityNeeds): ServerFrame {
  const told = [...agents.states].map(([principal, state]) => ({ principal, state }))
  if (presence.people.size > MAX_TOLD) return { type: 'presence', people: told, more: true }
  const people = [...presence.people].map(([principal, { state }]) => ({ principal, state }))
  return { type: 'presence', people: [...people, ...told] }
}

/** The open sockets of each principal; most have one. */
function createSockets() {
  const held = new Map<string, Visitor | Set<Visitor>>()
  const of = (principal: string): Iterable<Visitor> => {
    const own = held.get(principal)
    return own instanceof Visitor ? [own] : (own ?? [])
  }
  return {
    of,
    add(visitor: Visitor): void {
      const own = held.get(visitor.person)
      if (!own) held.set(visitor.person, visitor)
      else if (own instanceof Visitor) held.set(visitor.person, new Set([own, visitor]))
      else own.add(visitor)
    },
    delete(visitor: Visitor): void {
      const own = held.get(visitor.person)
      if (own === visitor || (own instanceof Set && own.delete(visitor) && own.size === 0))
        held.delete(visitor.person)
    },
    *all(): Iterable<Visitor> {
      for (const own of held.values()) {
        if (own instanceof Visitor) yield own
        else yield* own
      }
    },
  }
}
