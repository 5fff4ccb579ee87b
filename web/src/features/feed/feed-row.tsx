import { Link } from '@tanstack/react-router'
import {
  AtSign,
  DoorClosed,
  DoorOpen,
  FileText,
  type LucideIcon,
  MessageSquareText,
  Reply,
  UserPlus,
  UserRoundCheck,
} from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { FeedItem } from '../../../../src/services/city/feed.contract.ts'
import { useFormat } from '../../i18n/format.ts'
import { Icon } from '../../ui/icon.tsx'

const ICONS: Readonly<Record<FeedItem['kind'], LucideIcon>> = {
  messages: MessageSquareText,
  mention: AtSign,
  reply: Reply,
  joined: UserPlus,
  document: FileText,
  request: DoorClosed,
  decision: UserRoundCheck,
}

/** One thing that happened: whose doing, where, its first words, and the way there. */
export function FeedRow({ item }: { item: FeedItem }) {
  const { t } = useTranslation()
  const format = useFormat()
  const icon = item.kind === 'decision' && item.accepted ? DoorOpen : ICONS[item.kind]
  const agent = item.people[0]?.kind === 'agent'
  const open = item.kind !== 'decision' || item.accepted === true
  return (
    <li>
      <span className={agent ? 'ic g' : 'ic'}>
        <Icon of={icon} size="s" />
      </span>
      <div>
        <Line item={item} />{' '}
        {open ? (
          <Link
            to="/rooms/$room"
            params={{ room: item.room.slug }}
            search={item.message === null ? {} : { message: item.message }}
          >
            {item.room.name}
          </Link>
        ) : (
          <b>{item.room.name}</b>
        )}
        {item.text !== '' && <p className="quoted">{item.text}</p>}
        <div className="meta">
          <time dateTime={item.at}>{format.moment(item.at)}</time>
          {item.kind === 'messages' && item.unread && item.room.visibility === 'direct' && (
            <> · {t('city.unread', { count: item.count })}</>
          )}
          {item.kind === 'request' && (
            <>
              {' · '}
              <Link to="/rooms/$room/settings" params={{ room: item.room.slug }} hash="requests">
                {t('feed.decide')}
              </Link>
            </>
          )}
          {item.document !== null && (
            <>
              {' · '}
              <Link to="/documents/$document" params={{ document: item.document }}>
                {t('feed.openDocument')}
              </Link>
            </>
          )}
        </div>
      </div>
    </li>
  )
}

function Line({ item }: { item: FeedItem }) {
  const { t } = useTranslation()
  const name = item.people[0]?.name ?? ''
  switch (item.kind) {
    case 'messages':
      if (item.room.visibility === 'direct') return t('feed.toYou')
      return item.count > 1 ? t('feed.saidMore', { count: item.count }) : t('feed.said', { name })
    case 'joined':
      return item.count > 1
        ? t('feed.joinedMore', { name, count: item.count - 1 })
        : t('feed.joined', { name })
    case 'decision':
      return item.accepted ? t('feed.accepted') : t('feed.refused')
    case 'mention':
      return t('feed.mention', { name })
    case 'reply':
      return t('feed.reply', { name })
    case 'document':
      return t('feed.document', { name })
    case 'request':
      return t('feed.request', { name })
  }
}
