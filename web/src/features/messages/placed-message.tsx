import type { ReactNode } from 'react'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import { useFormat } from '../../i18n/format.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { plain } from '../city/markdown.tsx'

interface PlacedMessageProps {
  message: Message
  /** Says where it stands. */
  where?: ReactNode
  onOpen: () => void
}

/** A message out of its place: who said it, when, its beginning; a press goes to where it stands. */
export function PlacedMessage({ message, where, onOpen }: PlacedMessageProps) {
  const format = useFormat()
  const { author, createdAt, text, parts, poll } = message
  return (
    <button type="button" className="placed" onClick={onOpen}>
      <Avatar of={author} small />
      <span className="grow">
        <span className="by">
          <b>{author.name}</b>
          <time dateTime={createdAt}>{format.moment(createdAt)}</time>
          {where && <span className="meta">{where}</span>}
        </span>
        <span className="placed-text">{plain(text) || poll?.question || parts[0]?.name}</span>
      </span>
    </button>
  )
}
