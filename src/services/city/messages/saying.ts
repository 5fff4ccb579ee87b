import { createHash } from 'node:crypto'
import type { Clock } from '../../../kernel/clock.ts'
import type { Ids } from '../../../kernel/ids.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { Events } from '../../../platform/events/events.ts'
import type { MessageRow } from '../city.store.ts'
import type { Message, NewMessage } from '../messages.contract.ts'
import type { Watch } from '../moderation/watch.ts'
import type { Capabilities } from './capabilities.ts'
import type { Roster } from './directory.ts'
import type { Naming } from './naming.ts'

/** What somebody says, with all that was asked of others before it is stored. */
export interface Saying {
  readonly principal: Principal
  readonly body: NewMessage
  readonly hash: string
  readonly roster: Roster
  readonly called: Naming
  /** When it was said, in milliseconds since 1970. */
  readonly at: number
  readonly requestId: string | undefined
  /** The message whose words these are; it must stand when this is stored. */
  readonly forwarded: MessageRow | undefined
  /** A moderator has seen it and lets it through. */
  readonly released: boolean
}

/** `fresh`: it was not said before. */
export type Said = { readonly message: Message; readonly fresh: boolean }

/** What storing needs of the city. */
export interface StoringNeeds {
  readonly events: Pick<Events, 'append'>
  readonly ids: Ids
  readonly clock: Clock
  readonly capabilities: Capabilities
  readonly watch: Watch
  /** Who is in a room now, by id; nobody where that is not known. */
  readonly present: (room: string) => readonly string[]
  /** What the files posted in one room may take together. */
  readonly roomQuotaBytes: number | undefined
}

/** Tells one body from another under the same clientId. */
export function hashOf({ text, parts, replyTo, thread, poll }: NewMessage): string {
  const more = thread || poll ? [thread ?? null, poll ?? null] : []
  const body = [text, parts.map(({ type, file }) => [type, file]), replyTo ?? null, ...more]
  return createHash('sha256').update(JSON.stringify(body)).digest('base64url')
}
