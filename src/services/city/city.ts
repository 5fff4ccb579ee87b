import { setMaxListeners } from 'node:events'
import type { Embeddings } from '../../engines/embeddings/embeddings.ts'
import type { Media } from '../../engines/media/media.ts'
import type { WebSearch } from '../../engines/web-search/web-search.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Client } from '../../kernel/contract.ts'
import { kernelError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Events } from '../../platform/events/events.ts'
import type { SafeFetch } from '../../platform/fetch/fetch.ts'
import type { Files } from '../../platform/files/files.ts'
import type { Service } from '../../platform/http/service.ts'
import type { Kv } from '../../platform/kv/kv.ts'
import type { LiveLimits } from '../../platform/live/limits.ts'
import type { Live } from '../../platform/live/live.ts'
import type { authContract } from '../auth/auth.contract.ts'
import type { knowledgeContract } from '../knowledge/knowledge.contract.ts'
import { cityContract } from './city.contract.ts'
import { cityError } from './city.errors.ts'
import type { CityDb } from './city.store.ts'
import { createFeed } from './feed/feed.ts'
import { downloadRoutes } from './files/downloads.ts'
import { toCityFile } from './files/files.ts'
import { createGallery } from './files/gallery.ts'
import { createIntake } from './files/intake.ts'
import { createQuotas } from './files/quotas.ts'
import { createResumable } from './files/resumable.ts'
import { uploadRoute } from './files/uploads.ts'
import { createWaveforms } from './files/waveforms.ts'
import { createAgentPresence } from './live/agent-presence.ts'
import { queueChanged, roomEvent } from './live/channels.ts'
import { createFeeds } from './live/feeds.ts'
import { framesOf, roomLog } from './live/frames.ts'
import { createGate } from './live/gate.ts'
import { liveCity } from './live/live.ts'
import { createPresence } from './live/presence.ts'
import { createReceipts } from './live/receipts.ts'
import { whoIsHere } from './live/who.ts'
import { createMap } from './map/map.ts'
import { createActs } from './messages/acts.ts'
import { consumeRuns } from './messages/answers.ts'
import type { Capabilities } from './messages/capabilities.ts'
import { createChanges } from './messages/changes.ts'
import { createDesk } from './messages/desk.ts'
import { createDirectory } from './messages/directory.ts'
import { createForwards } from './messages/forwards.ts'
import { createLog } from './messages/log.ts'
import { createPosting } from './messages/messages.ts'
import { createNaming, residentsOf } from './messages/naming.ts'
import { consumeOutcomes } from './messages/outcomes.ts'
import type { KnownAgent } from './messages/policy.ts'
import { postRoute } from './messages/post-route.ts'
import { consumeErasures, createRemoving } from './messages/removing.ts'
import type { Entry } from './messages/room-book.ts'
import { createScheduled } from './messages/scheduled.ts'
import { createModeration } from './moderation/moderation.ts'
import { keepersOf } from './moderation/queue.ts'
import { createTrail } from './moderation/trail.ts'
import { createWatch } from './moderation/watch.ts'
import { createNotify, type PushMeans } from './notify/notify.ts'
import { createPeople } from './people/people.ts'
import { pictureRoute } from './previews/link-picture.ts'
import { createPreviews } from './previews/previews.ts'
import { createInvitations } from './rooms/invitations.ts'
import { createMembers } from './rooms/members.ts'
import { createOwnRooms } from './rooms/own-rooms.ts'
import { createPreferences } from './rooms/preferences.ts'
import { createReading } from './rooms/reading.ts'
import { createRequests } from './rooms/requests.ts'
import { createRoomDirectory, indexRooms } from './rooms/room-directory.ts'
import { createRoomViews } from './rooms/room-views.ts'
import { createRooms } from './rooms/rooms.ts'
import { createTalks } from './rooms/talks.ts'
import { createSearch } from './search/search.ts'
import { createWebSearch } from './search/web-search.ts'
import { consumeErasedPeople } from './transfers/erasing.ts'
import { createExports, exportRoute } from './transfers/exports.ts'
import { createImports, importRoute } from './transfers/imports.ts'
import type { AuthOfMine } from './transfers/person-export.ts'

export interface CityNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly files: Files
  /** The folder in which unfinished uploads wait; without one they cannot be resumed. */
  readonly uploads?: string
  /** Where processes find one another's presence. */
  readonly kv: Kv
  /** Absent where nothing can look into files: then types are believed as sniffed, and there are no thumbnails. */
  readonly media?: Media
  readonly auth: Pick<Client<typeof authContract>, 'principals' | 'residents' | 'standing'>
  /** Who tells somebody what is kept of their account; absent where archives do without. */
  readonly account?: AuthOfMine
  /** Who may be called; absent where no agents are deployed, and then nobody is. */
  readonly agents?: () => Promise<readonly KnownAgent[]>
  /** What texts are embedded with; absent where nothing here embeds, and then search is by words alone. */
  readonly embeddings?: () => Promise<Embeddings>
  /** All that can embed a question. */
  readonly allEmbeddings?: readonly Embeddings[]
  /** Who looks into the internet, in the order they are tried; absent where nobody does. */
  readonly webSearch?: readonly WebSearch[]
  /** What it takes to wake browsers; absent where they are not woken. */
  readonly push?: PushMeans
  /** How addresses in messages are opened to show what they are; absent where they are not. */
  readonly openLink?: SafeFetch
  /** Who finds in documents; absent where none are read. */
  readonly knowledge?: () => Pick<Client<typeof knowledgeContract>, 'passages'> | undefined
  /** Which kinds of part are read by some service of this city; the others fail at once and say so. */
  readonly capabilities: Capabilities
  readonly clock: Clock
  readonly ids: Ids
  readonly limits: {
    readonly maxUploadBytes: number
    /** What one person's files may take together. */
    readonly quotaBytes: number
    /** What the files posted in one room may take together; without limit where nothing is said. */
    readonly roomQuotaBytes?: number
    /** Messages of one person within a minute; without limit where nothing is said. */
    readonly postsPerMinute?: number
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
  const feeds = createFeeds(roomLog(db), clock, failed, limits.maxBehind)
  const gate = createGate(db)
  const presence = createPresence({ kv: needs.kv, events, clock, ids, failed })
  const agentsNow = createAgentPresence({ db, events, clock, agents: needs.agents, failed })
  const receipts = createReceipts(db, events)
  const changed = (room: string, seq: number): void => {
    feeds.grew(room, seq)
    events.broadcast(roomEvent, { room, seq })
  }
  const said = (room: string, seq: number, entries: readonly Entry[]): void => {
    feeds.grew(room, seq, () => framesOf(room, entries))
    events.broadcast(roomEvent, { room, seq })
  }
  const naming = createNaming((principal) => residentsOf(auth, principal), clock)
  const present = (room: string) =>
    [...presence.people].flatMap(([id, shown]) => (shown.state === 'here' && shown.room === room ? id : []))
  const watch = createWatch({
    clock,
    ids,
    kv: needs.kv,
    postsPerMinute: limits.postsPerMinute,
    queueChanged: (room) => {
      const told = keepersOf(db, room).then((people) => events.broadcast(queueChanged, { people }))
      told.catch(failed)
    },
  })
  const shared = { db, events, clock, ids, capabilities, directory, naming, present, changed, watch }
  const intake = createIntake({ ...needs, media: needs.media })
  const resumable =
    needs.uploads === undefined ? undefined : createResumable({ ...needs, intake, folder: needs.uploads })
  const importing = { ...shared, files: needs.files, auth, intake }
  const web = createWebSearch({ ...needs, changed })
  const say = web.listening(createPosting({ ...shared, said, roomQuotaBytes: limits.roomQuotaBytes }))
  const own = createOwnRooms(shared)
  consumeOutcomes(shared)
  consumeRuns(shared)
  const erasing = { ...shared, files: needs.files, trail: createTrail(clock, ids) }
  consumeErasures(erasing)
  consumeErasedPeople(erasing)
  const scheduled = createScheduled({ ...shared, auth, say })
  const views = createRoomViews(db, auth)
  const inRooms = { ...shared, auth, views, publicUrl, agents: needs.agents, welcome: own.welcome, receipts }
  const rooms = createRooms(inRooms)
  const map = createMap({ db, presence, agentsNow, clock })
  const search = createSearch(needs)
  const notify = createNotify({ ...needs, looking: presence.inRoom })
  const stopped = new AbortController()
  // Every loop of the service ends with it: more than Node takes for a leak.
  setMaxListeners(0, stopped.signal)
  const open: Live[] = []
  const running: Promise<void>[] = []

  return {
    contract: cityContract,
    handlers: {
      ...rooms,
      ...createMembers(inRooms),
      ...createRequests(inRooms),
      ...createInvitations(inRooms),
      ...createPreferences(inRooms),
      ...createRoomDirectory(db),
      ...createTalks(inRooms),
      ...createPeople({ ...inRooms, presence, agentsNow }),
      ...createFeed(inRooms),
      ...map.handlers,
      ...createReading(db),
      ...createGallery(db),
      ...createQuotas({ db, auth, limits, trail: erasing.trail }),
      ...createWaveforms({ ...needs, media: needs.media }),
      async keepUpload({ upload }, { principal, signal }) {
        if (!principal || !resumable) throw cityError('city.upload_not_found')
        return toCityFile(await resumable.keep(principal.id, upload, signal))
      },
      ...receipts.handlers,
      presence: whoIsHere(presence, agentsNow, gate),
      ...createChanges(shared),
      ...createActs(shared),
      ...createRemoving(erasing),
      ...createModeration({ ...shared, auth, say }),
      ...createForwards(db, say),
      ...createDesk(shared),
      ...scheduled,
      ...createLog(db),
      ...search.handlers,
      ...web.handlers,
      ...createPreviews(needs),
      ...notify.handlers,
      ...createExports(needs),
      ...createImports(importing),
      async post({ room, ...body }, { principal, requestId }) {
        if (!principal) throw kernelError('auth.required')
        return (await say(principal, room, body, requestId)).message
      },
    },
    custom: ['post', 'subscribePush'],
    routes(app, authenticate) {
      postRoute(app, authenticate, say)
      notify.routes(app, authenticate)
      uploadRoute(app, authenticate, { ...needs, intake })
      resumable?.routes(app, authenticate)
      exportRoute(app, authenticate, needs)
      importRoute(app, authenticate, importing)
      pictureRoute(app, authenticate, db)
      downloadRoutes(app, authenticate, { ...needs, media: needs.media })
      const live = { events, clock, ids, feeds, gate, presence, say, read: rooms.read, publicUrl, failed }
      open.push(liveCity(app, authenticate, { ...live, agents: agentsNow, limits: limits.live }))
    },
    async start() {
      await resumable?.sweep(clock.now())
      await own.openSquare()
      await indexRooms(db)
      await map.found()
      // Ends by rejecting when it is stopped.
      void feeds.sweep(stopped.signal).catch(() => undefined)
      running.push(search.run(stopped.signal).catch(failed))
      running.push(notify.run(stopped.signal).catch(failed))
      running.push(presence.run(stopped.signal), agentsNow.run(stopped.signal))
    },
    async stop() {
      stopped.abort()
      for (const live of open) live.stop()
      await Promise.all(running)
    },
  }
}
