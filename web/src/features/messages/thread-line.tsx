import { MessagesSquare } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { useTalk } from '../city/talk-context.tsx'

/** How many replied in a message's thread, when last, and how many of them are new; a press opens it. */
export function ThreadLine({ message: { id, replies } }: { message: Message }) {
  const { t } = useTranslation()
  const format = useFormat()
  const talk = useTalk()
  if (!replies || talk.thread !== null) return null
  const { unread = 0 } = replies
  return (
    <Button
      small
      look="quiet"
      icon={MessagesSquare}
      className="thread-line"
      onClick={() => talk.openThread(id)}
    >
      {t('talk.replies', { count: replies.replies })}
      {unread > 0 && <span className="count me">{t('talk.threadUnread', { count: unread })}</span>}
      <span className="meta">{t('talk.lastReply', { time: format.time(replies.lastAt) })}</span>
    </Button>
  )
}
