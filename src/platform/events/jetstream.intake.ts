import { AckPolicy, type ConsumerMessages, type JsMsg, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { type NatsConnection, nanos } from '@nats-io/transport-node'
import { createBell } from './bell.ts'
import { type Arrival, receive } from './delivery.ts'
import type { AnyTransaction } from './events.ts'
import { decode } from './jetstream.wire.ts'

const BATCH = 200
/** What was handed to a process and does not stand in its database after so many leases comes again, to it or to another. */
const ACK_LEASES = 3
const AGAIN_MS = 1000
const UNACKED = 1000

/** Brings the events of one consumer from the stream into its deliveries. Processes that share the consumer's name share the work. */
export interface Intake {
  stop(): Promise<void>
}

export interface IntakeNeeds {
  readonly nats: NatsConnection
  readonly db: AnyTransaction
  readonly stream: string
  readonly consumer: string
  readonly subjects: readonly string[]
  /** How long a process is believed to live without a word. */
  readonly leaseMs: number
  arrived(): void
  report(failure: unknown): void
}

export function openIntake({
  nats,
  db,
  stream,
  consumer,
  subjects,
  leaseMs,
  arrived,
  report,
}: IntakeNeeds): Intake {
  const durable = consumer.replaceAll('.', '_')
  const bell = createBell()
  let messages: ConsumerMessages | undefined
  let stopping = false
  let storing: Promise<void> | undefined
  const queue: JsMsg[] = []

  async function listen(): Promise<void> {
    const manager = await jetstreamManager(nats)
    const config = {
      durable_name: durable,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(ACK_LEASES * leaseMs),
      max_ack_pending: UNACKED,
      filter_subjects: [...subjects],
    }
    const exists = await manager.consumers.info(stream, durable).then(
      () => true,
      () => false,
    )
    await (exists ? manager.consumers.update(stream, durable, config) : manager.consumers.add(stream, config))
    const source = await jetstream(nats).consumers.get(stream, durable)
    messages = await source.consume({
      max_messages: BATCH,
      abort_on_missing_resource: true,
      callback: (message) => {
        queue.push(message)
        storing ??= store().finally(() => {
          storing = undefined
        })
      },
    })
    if (stopping) messages.stop()
    await messages.closed()
  }

  /** Acknowledged only when it stands in the database; the rest comes again. */
  async function store(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.splice(0, BATCH)
      const arrivals = batch.flatMap((message) => arrival(message) ?? [])
      try {
        await receive(db, arrivals)
        for (const message of batch) message.ack()
        arrived()
      } catch (failure) {
        report(failure)
        for (const message of batch) message.nak(AGAIN_MS)
      }
    }
  }

  /** What cannot be read at all will not be readable later: it is taken off the stream, and said. */
  function arrival(message: JsMsg): Arrival | null {
    try {
      return { consumer, ...decode(message.data, message.headers) }
    } catch (failure) {
      report(failure)
      message.term('unreadable')
      return null
    }
  }

  async function keepListening(): Promise<void> {
    while (!stopping) {
      await listen().catch(report)
      if (!stopping) await bell.sleep(AGAIN_MS)
    }
  }

  const listening = keepListening()
  return {
    async stop() {
      stopping = true
      bell.ring()
      messages?.stop()
      await listening
      await storing
    },
  }
}
