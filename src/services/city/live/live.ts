import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../../kernel/clock.ts'
import type { Handlers } from '../../../kernel/contract.ts'
import { deadline } from '../../../kernel/deadline.ts'
import { AppError } from '../../../kernel/errors.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { Events } from '../../../platform/events/events.ts'
import type { Authenticate } from '../../../platform/http/service.ts'
import { type Connection, frame } from '../../../platform/live/connection.ts'
import { CLOSE, type LiveLimits } from '../../../platform/live/limits.ts'
import { type Live, liveRoute } from '../../../platform/live/live.ts'
import { runDelta, runStep } from '../../agents/agents.events.ts'
import { credentialRevoked } from '../../auth/auth.events.ts'
import { documentProgress } from '../../knowledge/knowledge.events.ts'
import { partProgress } from '../../multimodal-gateway/multimodal-gateway.events.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import type { ClientFrame, ServerFrame } from '../city.live.contract.ts'
import { type CityDb, enterRoom } from '../city.store.ts'
import type { Say } from '../messages/messages.ts'
import { understand } from '../messages/understand.ts'
import { accessChanged, roomEvent, signal } from './channels.ts'
import type { Feeds } from './feeds.ts'

export interface LiveCityNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly clock: Clock
  readonly ids: Ids
  readonly feeds: Feeds
  readonly say: Say
  readonly read: Handlers<typeof cityContract>['read']
  readonly publicUrl: string
  readonly limits?: Partial<LiveLimits> | undefined
  /** Hears of failures that are bugs. */
  readonly failed: (failure: unknown) => void
}

const MAX_ROOMS = 500
/** Frames of one client that may wait for the ones before them. */
const MAX_WAITING = 100
const CALL_MS = 30_000

/** `GET /api/city/live`: what happens in the rooms a client follows, as it happens; and what it says, without a request for each. */
export function liveCity(app: FastifyInstance, authenticate: Authenticate, needs: LiveCityNeeds): Live {
  const { events, feeds, clock, publicUrl, limits } = needs
  /** The connections of each principal, with the rooms they follow. */
  const visitors = new Map<Connection, Visitor>()

  const live = liveRoute(app, '/api/city/live', {
    authenticate,
    publicUrl,
    clock,
    ...(limits && { limits }),
    opened(connection) {
      // `liveRoute` lets nobody in who is nobody.
      const principal = connection.identity.principal as Principal
      const visitor = visit(connection, principal, needs)
      visitors.set(connection, visitor)
      connection.gone.addEventListener('abort', () => {
        visitors.delete(connection)
        visitor.leave()
      })
      return visitor.hear
    },
  })

  const quiet = [
    events.listen(roomEvent, ({ room, seq }) => feeds.grew(room, seq)),
    events.listen(signal, ({ room, frame: said }) => feeds.signal(room, () => frame({ ...said, room }))),
    events.listen(runDelta, ({ room, ...delta }) => {
      if (room !== null) tell(feeds, { type: 'delta', room, ...delta })
    }),
    events.listen(runStep, ({ room, ...step }) => {
      if (room !== null) tell(feeds, { type: 'run', room, ...step })
    }),
    events.listen(partProgress, (progress) => tell(feeds, { type: 'progress', ...progress })),
    events.listen(documentProgress, (progress) => tell(feeds, { type: 'progress', ...progress })),
    events.listen(accessChanged, ({ room, principal }) => {
      for (const visitor of visitors.values()) if (visitor.principal.id === principal) visitor.recheck(room)
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
  ]

  return {
    get size() {
      return live.size
    },
    closeWhere: live.closeWhere,
    stop() {
      for (const stop of quiet) stop()
      live.stop()
    },
  }
}

const tell = (feeds: Feeds, said: Extract<ServerFrame, { room: string }>): void =>
  feeds.signal(said.room, () => frame(said))

interface Visitor {
  readonly principal: Principal
  hear(text: string): void
  /** Ends the following of a room that may no longer be read. */
  recheck(room: string): void
  leave(): void
}

function visit(connection: Connection, principal: Principal, needs: LiveCityNeeds): Visitor {
  const { db, feeds, say, read, events, ids, failed } = needs
  /** Rooms followed, by id, and as the client named them. */
  const rooms = new Map<string, string>()
  const reply = (said: ServerFrame): void => connection.send(frame(said))

  const refuse = (cause: unknown, about: { room?: string; clientId?: string }): void => {
    if (connection.gone.aborted) return
    const failure = AppError.from(cause)
    if (failure.kind === 'internal') failed(cause)
    const { kind, code, message, params } = failure
    reply({ type: 'error', kind, code, message, params, ...about })
  }

  const idOf = async (ref: string): Promise<string> =>
    [...rooms].find(([id, asked]) => id === ref || asked === ref)?.[0] ??
    (await enterRoom(db, ref, principal)).id

  const does: { [K in ClientFrame['type']]: (said: Extract<ClientFrame, { type: K }>) => Promise<void> } = {
    async subscribe({ room: asked, after }) {
      if (rooms.size >= MAX_ROOMS) throw cityError('city.too_many_rooms', { limit: MAX_ROOMS })
      const { id: room } = await enterRoom(db, asked, principal)
      rooms.set(room, asked)
      const joined = await feeds
        .follow(room, connection, after, ({ seq, resync }) => {
          if (resync) reply({ type: 'resync', room, seq })
          reply({ type: 'subscribed', room, seq, asked })
        })
        .catch((failure: unknown) => {
          rooms.delete(room)
          throw failure
        })
      if (!joined) rooms.delete(room)
    },
    async unsubscribe({ room: asked }) {
      const room = [...rooms].find(([id, named]) => id === asked || named === asked)?.[0]
      if (room === undefined) return
      rooms.delete(room)
      feeds.unfollow(room, connection)
    },
    async send({ type: _, room, ...body }) {
      const { message } = await say(principal, room, body, ids.make('req'))
      reply({ type: 'ack', clientId: body.clientId, room: message.room, id: message.id, seq: message.seq })
    },
    async typing({ room: asked }) {
      const room = await idOf(asked)
      const said = { type: 'typing', principal: principal.id, name: principal.name }
      events.broadcast(signal, { room, frame: said })
    },
    async read({ room, seq }) {
      const call = {
        principal,
        service: null,
        requestId: ids.make('req'),
        signal: deadline(CALL_MS),
      }
      await read({ room, seq }, call)
    },
    async presence({ state }) {
      present(state)
    },
  }

  const present = (state: 'here' | 'away' | 'gone'): void => {
    const said = { type: 'presence', principal: principal.id, name: principal.name, state }
    for (const room of rooms.keys()) events.broadcast(signal, { room, frame: said })
  }

  const inOrder = createLine(MAX_WAITING, () => connection.close(CLOSE.flooding, 'flooding'))
  const following = createLine(MAX_ROOMS, () => connection.close(CLOSE.flooding, 'flooding'))

  return {
    principal,
    hear(text) {
      const { said, about, fault } = understand(text)
      if (!said) return refuse(fault, about)
      // Long catching up must not hold back what the client says meanwhile.
      const line = said.type === 'subscribe' || said.type === 'unsubscribe' ? following : inOrder
      line(async () => {
        if (connection.gone.aborted) return
        // `said.type` picks the entry made for that very type.
        const act = does[said.type] as (said: ClientFrame) => Promise<void>
        await act(said).catch((cause: unknown) => refuse(cause, about))
      })
    },
    recheck(room) {
      const asked = rooms.get(room)
      if (asked === undefined) return
      following(async () => {
        const failure = await enterRoom(db, room, principal).then(
          () => undefined,
          (cause: unknown) => cause,
        )
        if (!failure) return
        rooms.delete(room)
        feeds.unfollow(room, connection)
        refuse(failure, { room: asked })
      })
    },
    leave() {
      present('gone')
      for (const room of rooms.keys()) feeds.unfollow(room, connection)
      rooms.clear()
    },
  }
}

/** One piece of work after another; too many waiting is `tooMany`. Work never rejects. */
function createLine(limit: number, tooMany: () => void): (work: () => Promise<void>) => void {
  let last = Promise.resolve()
  let waiting = 0
  return (work) => {
    if (waiting >= limit) return tooMany()
    waiting++
    last = last.then(work).finally(() => waiting--)
  }
}
