import { Message, type NewMessage } from '../../src/services/city/messages.contract.ts'
import type { Resident } from '../kit/resident.ts'

type Sent = Partial<NewMessage> & { readonly clientId: string }

/** One send: what was sent, and what the city acknowledged of it. */
interface Entry {
  readonly room: string
  readonly message: Sent
  acknowledged: { readonly id: string; readonly seq: number } | null
  /** Whether an agent owes it an answer. */
  readonly asks: boolean
}

/** What a client knows for certain of the city it talks to, across kills. */
export interface Ledger {
  readonly entries: readonly Entry[]
  /** Sends once; a lost line leaves the entry unacknowledged. Resolves with the id, or null. */
  send(client: Resident, room: string, message: Sent, asks: boolean): Promise<string | null>
  /** Sends again, as a client does that comes back, what was never acknowledged. */
  resend(client: Resident): Promise<void>
}

export function createLedger(): Ledger {
  const entries: Entry[] = []

  async function deliver(client: Resident, entry: Entry): Promise<void> {
    const answer = await client.send(entry.room, entry.message).catch(() => null)
    // Where nobody could be asked just then, it is no answer.
    if (!answer || answer.status >= 502) return
    if (answer.status !== 201 && answer.status !== 200)
      throw new Error(`${entry.message.clientId} was refused: ${JSON.stringify(answer.body)}`)
    const { id, seq } = Message.parse(answer.body)
    if (entry.acknowledged && (entry.acknowledged.id !== id || entry.acknowledged.seq !== seq))
      throw new Error(`${entry.message.clientId} was acknowledged as two messages`)
    entry.acknowledged = { id, seq }
  }

  return {
    entries,
    async send(client, room, message, asks) {
      const entry: Entry = { room, message, acknowledged: null, asks }
      entries.push(entry)
      await deliver(client, entry)
      return entry.acknowledged?.id ?? null
    },
    async resend(client) {
      for (const entry of entries.filter(({ acknowledged }) => !acknowledged)) await deliver(client, entry)
    },
  }
}

export interface Audit {
  readonly messages: number
  readonly lost: readonly string[]
  readonly twice: readonly string[]
  /** Messages that asked and were neither answered once nor marked failed. */
  readonly unanswered: readonly string[]
  readonly answeredTwice: readonly string[]
  /** What was given up and said so, by the code it gave. */
  readonly failed: Readonly<Record<string, number>>
  readonly stuck: readonly string[]
}

/** Holds the ledger against all that stands in the room now. */
export function audit(ledger: Ledger, standing: readonly Message[]): Audit {
  const lost: string[] = []
  const twice: string[] = []
  const unanswered: string[] = []
  const answeredTwice: string[] = []
  const asked = standing.filter(({ author }) => author.kind === 'person')
  for (const { message, acknowledged, asks } of ledger.entries) {
    const found = asked.filter(({ clientId }) => clientId === message.clientId)
    if (found.length > 1) twice.push(message.clientId)
    const [one] = found
    if (!one || one.id !== acknowledged?.id || one.seq !== acknowledged.seq) {
      lost.push(message.clientId)
      continue
    }
    if (!asks) continue
    const answers = standing.filter(({ author, replyTo }) => author.kind === 'agent' && replyTo === one.id)
    const failed =
      one.runs.some(({ state }) => state === 'failed') || one.parts.some(({ state }) => state === 'failed')
    if (answers.length > 1) answeredTwice.push(message.clientId)
    if (answers.length === 0 && !failed) unanswered.push(`${message.clientId} ${one.id}: ${stateOf(one)}`)
  }
  const stuck = asked.filter(
    ({ parts, runs }) =>
      parts.some(({ state }) => state === 'pending') ||
      runs.some(({ state }) => state === 'queued' || state === 'running'),
  )
  return {
    messages: standing.length,
    lost,
    twice,
    unanswered,
    answeredTwice,
    failed: codesOf(asked),
    stuck: stuck.map(({ id }) => id),
  }
}

const stateOf = ({ parts, runs }: Message): string =>
  JSON.stringify({
    parts: parts.map(({ state }) => state),
    runs: runs.map(({ id, state }) => `${id} ${state}`),
  })

function codesOf(messages: readonly Message[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { parts, runs } of messages)
    for (const { error } of [...parts, ...runs]) if (error) counts[error.code] = (counts[error.code] ?? 0) + 1
  return counts
}
