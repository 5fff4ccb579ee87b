import type { ServerFrame } from '../../../../src/services/city/city.live.contract.ts'
import type { Message } from '../../../../src/services/city/messages.contract.ts'

type DressFrame = Extract<ServerFrame, { type: 'reaction' | 'pinned' | 'poll' | 'thread' }>

/** A message with what a frame says hangs on it. What is the reader's own is not in frames: it is kept, or follows from who did it. */
export function dressed(message: Message, frame: DressFrame, me: string): Message {
  switch (frame.type) {
    case 'reaction': {
      const own = (emoji: string) =>
        frame.by === me && emoji === frame.emoji
          ? frame.on
          : (message.reactions?.find((one) => one.emoji === emoji)?.mine ?? false)
      return { ...message, reactions: frame.reactions.map((one) => ({ ...one, mine: own(one.emoji) })) }
    }
    case 'pinned':
      return { ...message, pinned: frame.pinned ?? undefined }
    case 'poll':
      return keepOwn(message, { ...message, poll: frame.poll })
    case 'thread': {
      const before = message.replies
      const more = Math.max(0, (frame.replies?.replies ?? 0) - (before?.replies ?? 0))
      const unread = (before?.unread ?? 0) + more
      return { ...message, replies: frame.replies ? { ...frame.replies, unread } : undefined }
    }
  }
}

/** A message as it is told anew, with what is the reader's own where that is not told again. */
export function keepOwn(before: Message | undefined, now: Message): Message {
  if (!before) return now
  const { reactions, poll, replies, forwarded } = now
  return {
    ...now,
    ...(reactions && {
      reactions: reactions.map((one) => ({
        ...one,
        mine: one.mine ?? before.reactions?.find(({ emoji }) => emoji === one.emoji)?.mine ?? false,
      })),
    }),
    ...(poll && {
      poll: {
        ...poll,
        options: poll.options.map((option, i) => ({
          ...option,
          mine: option.mine ?? before.poll?.options[i]?.mine ?? false,
        })),
      },
    }),
    ...(replies && { replies: { ...replies, unread: replies.unread ?? before.replies?.unread ?? 0 } }),
    ...(forwarded && { forwarded: { ...before.forwarded, ...forwarded } }),
  }
}
