import { gunzipSync, gzipSync } from 'node:zlib'
import { RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream'
import { headers, type MsgHdrs, nanos } from '@nats-io/transport-node'
import { Envelope } from '../../kernel/event.ts'

const MINUTE_MS = 60_000
const DAY_MS = 1440 * MINUTE_MS
/** Larger ones are compressed: a server takes no message over 1 MB unless told otherwise. */
const PLAIN_BYTES = 65_536

/** Where one city's events lie on a server that several may share. */
export interface Space {
  readonly stream: Pick<StreamConfig, 'name' | 'subjects'> & Partial<StreamConfig>
  subject(type: { readonly name: string; readonly version: number }): string
  /** What the subjects of broadcasts begin with. */
  readonly broadcast: string
}

/** Events are kept as long as the deliveries remember what they have had, so that nothing carried twice is handled twice. */
export const spaceOf = (name: string): Space => ({
  stream: {
    name: `${name}_events`,
    subjects: [`${name}.events.>`],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    max_age: nanos(7 * DAY_MS),
    duplicate_window: nanos(2 * MINUTE_MS),
  },
  subject: (type) => `${name}.events.${type.name}.${type.version}`,
  broadcast: `${name}.broadcast.`,
})

export function encode(
  envelope: Envelope,
  availableAt: Date,
): { readonly payload: Uint8Array; readonly headers: MsgHdrs } {
  const plain = Buffer.from(JSON.stringify(envelope))
  const packed = plain.length > PLAIN_BYTES
  return {
    payload: packed ? gzipSync(plain) : plain,
    headers: headersOf({
      'Available-At': availableAt.toISOString(),
      ...(packed && { 'Content-Encoding': 'gzip' }),
    }),
  }
}

/** Reads what `encode` wrote; throws when somebody else wrote it. */
export function decode(
  payload: Uint8Array,
  head: MsgHdrs | undefined,
): { readonly envelope: Envelope; readonly availableAt: Date } {
  const plain = head?.get('Content-Encoding') === 'gzip' ? gunzipSync(payload) : Buffer.from(payload)
  const envelope = Envelope.parse(JSON.parse(plain.toString('utf8')))
  return { envelope, availableAt: new Date(head?.get('Available-At') || envelope.at) }
}

export function headersOf(values: Readonly<Record<string, string>>): MsgHdrs {
  const head = headers()
  for (const [name, value] of Object.entries(values)) head.set(name, value)
  return head
}
