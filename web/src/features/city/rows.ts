import type { CalledRun, Message } from '../../../../src/services/city/messages.contract.ts'
import type { Outgoing } from './outbox.ts'
import { openRuns, type Stream } from './timeline.ts'

/** One row of the log. Keys are stable: a message sent from here keeps its key when it is stored. */
export type Row =
  /** What a thread begins with. */
  | { readonly kind: 'head'; readonly key: string }
  | { readonly kind: 'day'; readonly key: string; readonly at: string }
  | { readonly kind: 'new'; readonly key: string }
  | { readonly kind: 'message'; readonly key: string; readonly message: Message; readonly continued: boolean }
  | {
      readonly kind: 'stream'
      readonly key: string
      readonly run: CalledRun
      readonly message: Message
      readonly stream: Stream
    }
  | { readonly kind: 'out'; readonly key: string; readonly entry: Outgoing; readonly continued: boolean }

interface Shown {
  readonly messages: readonly Message[]
  readonly streams: Readonly<Record<string, Stream>>
  readonly outgoing: readonly Outgoing[]
  /** The number up to which the reader had read when the room was opened; nothing is marked new without it. */
  readonly readSeq: number | null
  readonly me: string
  /** These messages go back to the beginning: without that nobody knows whether the first is the first of its day. */
  readonly whole: boolean
  /** These messages reach up to now: only then answers are being written under them. */
  readonly current: boolean
  dayOf(at: string | number): string
}

const CONTINUES_MS = 5 * 60_000
const SILENT: Stream = { text: '', gap: false, step: null }

/** What the log shows, in order: days, what is new, messages, answers being written, and what is still on its way. */
export function rowsOf(shown: Shown): Row[] {
  const { messages, streams, outgoing, readSeq, me, dayOf, whole, current } = shown
  const rows: Row[] = []
  let day = ''
  let marked = readSeq === null
  let last: { author: string; at: number } | null = null
  // An answer that another one replaced is paged to from there.
  const replaced = new Set(messages.map(({ replaces }) => replaces))
  for (const message of messages) {
    if (replaced.has(message.id)) continue
    if (dayOf(message.createdAt) !== day) {
      const known = whole || day !== ''
      day = dayOf(message.createdAt)
      if (known) rows.push({ kind: 'day', key: `day:${day}`, at: message.createdAt })
      last = null
    }
    if (!marked && readSeq !== null && message.seq > readSeq && message.author.id !== me) {
      marked = true
      if (rows.some(({ kind }) => kind === 'message')) rows.push({ kind: 'new', key: 'new' })
      last = null
    }
    const at = Date.parse(message.createdAt)
    const same: boolean = last?.author === message.author.id && at - last.at < CONTINUES_MS
    const plain = message.replyTo === null && !message.forwarded && !message.deleted
    const continued = same && plain && message.author.kind === 'person'
    rows.push({ kind: 'message', key: keyOf(message), message, continued })
    last = { author: message.author.id, at }
  }
  for (const { message, run } of current ? openRuns(messages) : [])
    rows.push({ kind: 'stream', key: `run:${run.id}`, run, message, stream: streams[run.id] ?? SILENT })
  const stored = new Set(messages.filter(({ author }) => author.id === me).map(({ clientId }) => clientId))
  let before = rows.at(-1)?.kind === 'message' ? last : null
  for (const entry of outgoing) {
    if (stored.has(entry.clientId)) continue
    const continued = before?.author === me && entry.createdAt - before.at < CONTINUES_MS && !entry.replyTo
    rows.push({ kind: 'out', key: `say:${me}:${entry.clientId}`, entry, continued })
    before = { author: me, at: entry.createdAt }
  }
  return rows
}

const keyOf = ({ id, author, clientId }: Message): string =>
  clientId === undefined ? id : `say:${author.id}:${clientId}`
