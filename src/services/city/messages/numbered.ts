import type { ReactionDetail } from '../city.tables.ts'
import type { NumberedFrame } from '../log.contract.ts'
import type { Message } from '../messages.contract.ts'

interface Logged {
  readonly seq: number
  readonly type: NumberedFrame['type']
  readonly part: number | null
  readonly detail: ReactionDetail | null
}

/** An event of a room's log as a frame, with its message as that stands now. There is always one, so that a log is told without a gap: what was said about a message that is deleted since is told as its deletion. */
export function numbered(
  room: string,
  { seq, type, part: index, detail }: Logged,
  message: Message,
): NumberedFrame {
  const about = { room, seq, message: message.id }
  const whole = { room, seq, message }
  if (type === 'message') return { type, ...whole }
  if (message.deleted) return { type: 'deleted', ...whole }
  switch (type) {
    case 'runs':
      return { type, ...about, runs: message.runs }
    case 'part': {
      const part = index === null ? undefined : message.parts[index]
      return part && index !== null ? { type, ...about, index, part } : { type: 'edited', ...whole }
    }
    case 'reaction':
      return detail
        ? { type, ...about, reactions: message.reactions ?? [], ...detail }
        : { type: 'edited', ...whole }
    case 'pinned':
      return { type, ...about, pinned: message.pinned ?? null }
    case 'poll':
      return message.poll ? { type, ...about, poll: message.poll } : { type: 'edited', ...whole }
    case 'thread':
      return { type, ...about, replies: message.replies ?? null }
    case 'edited':
    case 'deleted':
      return { type: 'edited', ...whole }
  }
}
