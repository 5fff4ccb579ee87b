import { createContext, useContext } from 'react'
import type { Citation, Message } from '../../../../src/services/city/messages.contract.ts'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'

/** What the messages of a room can do to the page around them. */
export interface TalkActions {
  readonly room: Room
  /** The root of the thread these messages stand in; null in the room itself. */
  readonly thread: string | null
  /** Opens the thread of a message. */
  openThread(root: string): void
  /** The message whose words are being edited, and how to begin and end that. */
  readonly editing: string | null
  edit(message: string | null): void
  reply(message: Message): void
  /** Opens the sources of an answer at one of them. */
  cite(citations: readonly Citation[], n: number): void
  /** Brings a message into view; says so where it cannot. */
  goTo(message: string): void
  find(message: string): Message | undefined
  put(message: Message): void
}

const TalkContext = createContext<TalkActions | null>(null)
export const TalkProvider = TalkContext.Provider

export function useTalk(): TalkActions {
  const talk = useContext(TalkContext)
  if (!talk) throw new Error('useTalk outside of a room')
  return talk
}
