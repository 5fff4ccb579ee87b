import { JetStreamApiError, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import type { Secret } from '../../kernel/secret.ts'
import { type Announcements, openAnnouncements } from './announcements.ts'
import type { Broadcasts } from './broadcasts.ts'
import { createEvents, type EventsNeeds, LEASE_MS, type Transport } from './core.ts'
import { eventsError } from './events.errors.ts'
import { type Events, lineLost, lineResumed } from './events.ts'
import { type Intake, openIntake } from './jetstream.intake.ts'
import { encode, headersOf, type Space, spaceOf } from './jetstream.wire.ts'
import { listenForSilence } from './outage.ts'
import { type Carried, claim, type Outgoing, release, releaseAll } from './outbox.ts'

const CONNECT_MS = 5000
const RECONNECT_MS = 500
const PUBLISH_MS = 2500
const DRAIN_MS = 2000
/** A line that stays silent for twice as long is given up, and sought anew. */
const PING_MS = 10_000

export interface JetStreamNeeds extends EventsNeeds {
  readonly url: Secret
  /** What this city's stream and subjects begin with, where several share a server; `daarion` where nothing is said. */
  readonly space?: string
}

/** Events among processes, carried by NATS JetStream (server 2.10.23 or newer) from each process's outbox to the deliveries in each consumer's own database. While NATS is away events wait in the outbox; it is sought for ever. Rejects with `events.transport_down` when it cannot be reached at first. */
export async function openJetStreamEvents({
  url,
  space = 'daarion',
  ...needs
}: JetStreamNeeds): Promise<Events> {
  const nats = await connect({
    servers: url.reveal(),
    timeout: CONNECT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    pingInterval: PING_MS,
    ignoreAuthErrorAbort: true,
    name: 'daarion',
  }).catch((cause: unknown) => {
    throw eventsError('events.transport_down', {}, { cause })
  })
  let tell = (_isUp: boolean): void => undefined
  const line = watch(nats, (isUp) => tell(isUp))
  const me = needs.ids.make('line')
  return createEvents(needs, (here, report) => {
    const deliver = (isUp: boolean) => here.deliver((isUp ? lineResumed : lineLost).channel, {})
    let [isUp, areAway] = [true, false]
    // An embedded database is one process's own: nobody else looks into it.
    const announcements =
      needs.database.driver === 'pglite'
        ? undefined
        : openAnnouncements({
            ...{ db: needs.database.kysely, clock: needs.clock, ids: needs.ids, me, report },
            heard: (channel, data) => here.receive(channel, data),
            othersCutOff(are) {
              areAway = are
              if (isUp) deliver(!are)
            },
          })
    tell = (up) => {
      isUp = up
      announcements?.cutOff(!up)
      deliver(up)
      if (up && areAway) deliver(false)
    }
    return transport({ ...needs, nats, line, me, here, report, announcements, space: spaceOf(space) })
  })
}

interface Line {
  readonly up: boolean
}

/** Knows whether the connection stands; tells when others are no longer heard, and when they are again. */
function watch(nats: NatsConnection, tell: (isUp: boolean) => void): Line {
  const line = { up: true }
  const closed = new AbortController()
  const follow = async () => {
    for await (const { type } of nats.status()) {
      if (type === 'disconnect') {
        line.up = false
        tell(false)
      }
      if (type !== 'reconnect') continue
      line.up = true
      tell(true)
    }
    line.up = false
    closed.abort()
  }
  void follow()
  const beat = async () => {
    // While it is broken there is nobody to ask.
    if (line.up) await nats.flush()
  }
  void listenForSilence(beat, (isSilent) => line.up && tell(!isSilent), closed.signal)
  return line
}

interface TransportNeeds extends EventsNeeds {
  readonly nats: NatsConnection
  readonly line: Line
  /** Marks what this process broadcast itself. */
  readonly me: string
  readonly space: Space
  readonly here: Broadcasts
  /** Where other processes may share the database. */
  readonly announcements: Announcements | undefined
  report(failure: unknown): void
}

function transport(needs: TransportNeeds): Transport {
  const { database, clock, nats, line, me, space, here, announcements, report, leaseMs = LEASE_MS } = needs
  const db = database.kysely
  const js = jetstream(nats)
  const intakes: Intake[] = []

  async function ensureStream(): Promise<void> {
    const manager = await jetstreamManager(nats)
    const exists = await manager.streams.info(space.stream.name).then(
      () => true,
      () => false,
    )
    await (exists
      ? manager.streams.update(space.stream.name, space.stream)
      : manager.streams.add(space.stream))
  }

  /** Resolves when the server has it on its disk. */
  async function publish({ envelope, availableAt }: Outgoing): Promise<Carried> {
    const { payload, headers } = encode(envelope, availableAt)
    const how = { msgID: envelope.id, headers, timeout: PUBLISH_MS }
    const { seq } = await js.publish(space.subject(envelope), payload, how)
    return { id: envelope.id, as: seq }
  }

  function send(channel: string, data: unknown, announced?: string): void {
    here.deliver(channel, data)
    // Nobody wants yesterday's broadcast: while the line is down it goes to this process alone.
    if (!line.up) return
    const head = headersOf({ Line: me, ...(announced !== undefined && { Announced: announced }) })
    nats.publish(`${space.broadcast}${channel}`, JSON.stringify(data), { headers: head })
  }

  /** Up to where every consumer of the stream has taken in what is meant for it. */
  async function takenIn(manager: JetStreamManager): Promise<number> {
    let all = Number.POSITIVE_INFINITY
    for await (const { ack_floor: floor, num_pending: left, num_ack_pending: open } of manager.consumers.list(
      space.stream.name,
    ))
      if (left + open > 0) all = Math.min(all, floor.stream_seq)
    return all
  }

  return {
    async start(routes, arrived) {
      if (database.driver === 'pglite') await releaseAll(db)
      await ensureStream()
      for (const consumer of new Set(routes.map((route) => route.consumer))) {
        const subjects = routes.filter((route) => route.consumer === consumer).map(space.subject)
        intakes.push(
          openIntake({
            nats,
            db,
            stream: space.stream.name,
            consumer,
            subjects,
            leaseMs,
            arrived: () => arrived(consumer),
            report,
          }),
        )
      }
      nats.subscribe(`${space.broadcast}>`, {
        callback: (failure, message) => {
          if (failure) return report(failure)
          if (message.headers?.get('Line') === me) return
          const announced = message.headers?.get('Announced')
          if (announced && announcements?.isNew(announced) === false) return
          here.receive(message.subject.slice(space.broadcast.length), message.json())
        },
      })
      // Once it has started it hears; over a broken line it does when that stands again.
      await nats.flush().catch(() => undefined)
      announcements?.start()
    },
    async relay() {
      if (!line.up) throw eventsError('events.transport_down')
      const events = await claim(db, leaseMs)
      if (events.length === 0) return { consumers: [], more: false }
      const results = await Promise.allSettled(events.map(publish))
      const left = events
        .filter((_, i) => results[i]?.status === 'rejected')
        .map(({ envelope }) => envelope.id)
      const arrived = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
      await release(db, arrived, left, new Date(clock.now()))
      if (left.length > 0) {
        const cause = results.find((result) => result.status === 'rejected')?.reason
        await ensureStream().catch(() => undefined)
        throw eventsError('events.transport_down', {}, { cause })
      }
      return { consumers: [], more: true }
    },
    broadcast: (channel, data) => send(channel, data),
    ...(announcements && {
      announce: (channel: string, data: unknown) => send(channel, data, announcements.say(channel, data)),
    }),
    async erase(copies) {
      const manager = await jetstreamManager(nats)
      const last = await takenIn(manager)
      const erased: number[] = []
      for (const copy of copies) {
        if (copy > last) continue
        // Overwritten on the disk; one that is not there any more is as good.
        await manager.streams.deleteMessage(space.stream.name, copy, true).catch((failure: unknown) => {
          if (!(failure instanceof JetStreamApiError)) throw failure
        })
        erased.push(copy)
      }
      return erased
    },
    async stop() {
      await Promise.all([...intakes.map((intake) => intake.stop()), announcements?.stop()])
      const late = setTimeout(() => void nats.close(), DRAIN_MS)
      await nats.drain().catch(() => nats.close())
      clearTimeout(late)
    },
  }
}
