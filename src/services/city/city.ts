import type { FastifyInstance } from 'fastify'
import type { Media } from '../../engines/media/media.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Client } from '../../kernel/contract.ts'
import { invoke } from '../../kernel/contract.ts'
import { kernelError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Events } from '../../platform/events/events.ts'
import type { Files } from '../../platform/files/files.ts'
import { inputReader, openCall } from '../../platform/http/serve.ts'
import type { Authenticate, Service } from '../../platform/http/service.ts'
import type { LiveLimits } from '../../platform/live/limits.ts'
import type { Live } from '../../platform/live/live.ts'
import type { authContract } from '../auth/auth.contract.ts'
import { cityContract } from './city.contract.ts'
import type { CityDb } from './city.store.ts'
import { downloadRoutes } from './files/downloads.ts'
import { uploadRoute } from './files/uploads.ts'
import { roomEvent } from './live/channels.ts'
import { createFeeds } from './live/feeds.ts'
import { liveCity } from './live/live.ts'
import { consumeRuns } from './messages/answers.ts'
import { createChanges } from './messages/changes.ts'
import { createDirectory } from './messages/directory.ts'
import { type Capabilities, checkText, createPosting, type Say } from './messages/messages.ts'
import { consumeOutcomes } from './messages/outcomes.ts'
import type { KnownAgent } from './messages/policy.ts'
import { createOwnRooms } from './rooms/own-rooms.ts'
import { createReading } from './rooms/reading.ts'
import { createRooms } from './rooms/rooms.ts'

export interface CityNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly files: Files
  /** Absent where nothing can look into files: then types are believed as sniffed, and there are no thumbnails. */
  readonly media?: Media
  readonly auth: Pick<Client<typeof authContract>, 'principals'>
  /** Who may be called; absent where no agents are deployed, and then nobody is. */
  readonly agents?: () => Promise<readonly KnownAgent[]>
  /** Which kinds of part are read by some service of this city; the others fail at once and say so. */
  readonly capabilities: Capabilities
  readonly clock: Clock
  readonly ids: Ids
  readonly limits: {
    readonly maxUploadBytes: number
    /** What one person's files may take together. */
    readonly quotaBytes: number
    readonly live?: Partial<LiveLimits>
    /** Events a client may be behind and still be told each; 10,000 where nothing is said. */
    readonly maxBehind?: number
  }
  readonly publicUrl: string
  /** Hears of failures that nobody waits for. */
  readonly failed: (failure: unknown) => void
}

/** Rooms, messages with parts, files, read marks and the live socket. */
export function createCity(needs: CityNeeds): Service<typeof cityContract> {
  const { db, events, auth, capabilities, clock, ids, limits, publicUrl, failed } = needs
  const directory = createDirectory(needs.agents, clock)
  const feeds = createFeeds(db, clock, failed, limits.maxBehind)
  const changed = (room: string, seq: number): void => {
    feeds.grew(room, seq)
    events.broadcast(roomEvent, { room, seq })
  }
  const shared = { db, events, clock, ids, capabilities, directory, changed }
  const say = createPosting(shared)
  const own = createOwnRooms(shared)
  consumeOutcomes(shared)
  consumeRuns(shared)
  const rooms = createRooms({ db, events, auth, clock, ids, welcome: own.welcome })
  const stopped = new AbortController()
  const open: Live[] = []

  return {
    contract: cityContract,
    handlers: {
      ...rooms,
      ...createReading(db),
      ...createChanges(shared),
      async post({ room, ...body }, { principal, requestId }) {
        if (!principal) throw kernelError('auth.required')
        return (await say(principal, room, body, requestId)).message
      },
    },
    custom: ['post'],
    routes(app, authenticate) {
      postRoute(app, authenticate, say)
      uploadRoute(app, authenticate, { ...needs, media: needs.media })
      downloadRoutes(app, authenticate, { ...needs, media: needs.media })
      const live = { db, events, clock, ids, feeds, say, read: rooms.read, publicUrl, failed }
      open.push(liveCity(app, authenticate, { ...live, limits: limits.live }))
    },
    async start() {
      await own.openSquare()
      // Ends by rejecting when it is stopped.
      void feeds.sweep(stopped.signal).catch(() => undefined)
    },
    async stop() {
      stopped.abort()
      for (const live of open) live.stop()
    },
  }
}

/** Saying something over HTTP: 201 for a new message, 200 for one said before. */
function postRoute(app: FastifyInstance, authenticate: Authenticate, say: Say): void {
  const op = cityContract.post
  const read = inputReader(op, ['text', 'clientId'])
  app.post(op.path, async (request, reply) => {
    const call = await openCall(request, reply, op, authenticate)
    const input = read(request)
    // Said by its own name before the schema says it in general.
    if (typeof input.text === 'string') checkText(input.text)
    let fresh = true
    const message = await invoke(
      op,
      async ({ room, ...body }: Parameters<Say>[2] & { room: string }) => {
        if (!call.principal) throw kernelError('auth.required')
        const said = await say(call.principal, room, body, call.requestId)
        fresh = said.fresh
        return said.message
      },
      input,
      call,
    )
    return await reply.code(fresh ? op.status : 200).send(message)
  })
}
