import '../feed/feed.css'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import {
  AtSign,
  Bell as BellIcon,
  CheckCheck,
  ChevronLeft,
  CircleAlert,
  type LucideIcon,
  MessageSquareText,
  Reply,
  Settings2,
  Sparkles,
  UsersRound,
} from 'lucide-react'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import type { Notification, NotificationKind } from '../../../../src/services/city/notifications.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat, useLanguage } from '../../i18n/format.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { More, usePages } from '../../ui/pages.tsx'
import { EmptyState, TalkSkeleton } from '../../ui/states.tsx'
import { BELL } from '../city/city.ts'
import { useUnseen } from './bell.tsx'

const LIST = ['notifications'] as const

/** What one is told of, newest first, and what of it is new. */
export function NotificationsPage() {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const unread = useUnseen()
  const list = usePages({
    queryKey: LIST,
    page: (after) => api.city.notifications({ after }),
  })
  // What the live line tells of the number changes the list as well.
  useEffect(() => {
    void queries.invalidateQueries({ queryKey: LIST })
  }, [queries, unread])
  const readAll = useMutation({
    mutationFn: () => api.city.readNotifications({}),
    onSuccess: (now) => queries.setQueryData(BELL, now.unread),
  })
  useEffect(() => {
    document.title = t('notifications.title')
  }, [t])
  const { items } = list
  const failure = list.error ?? readAll.error
  return (
    <main className="main" id="talk" tabIndex={-1}>
      <header className="top">
        <Link className="ib only-phone" to="/rooms" aria-label={t('city.backToRooms')}>
          <Icon of={ChevronLeft} />
        </Link>
        <h1 className="grow">{t('notifications.title')}</h1>
        {items?.some((item) => !item.read) && (
          <IconButton
            icon={CheckCheck}
            label={t('notifications.readAll')}
            disabled={readAll.isPending}
            onClick={() => readAll.mutate()}
          />
        )}
        <Link
          className="ib"
          to="/account/notifications"
          aria-label={t('notifications.settings')}
          title={t('notifications.settings')}
        >
          <Icon of={Settings2} />
        </Link>
      </header>
      {!items && !failure && <TalkSkeleton label={t('notifications.title')} />}
      {failure && (
        <EmptyState icon={CircleAlert} title={sentenceOf(failureOf(failure), language)}>
          <div className="row">
            <Button onClick={() => void list.refetch()}>{t('common.retry')}</Button>
          </div>
        </EmptyState>
      )}
      {items?.length === 0 && (
        <EmptyState icon={BellIcon} title={t('notifications.empty')}>
          <p>{t('notifications.emptyHint')}</p>
        </EmptyState>
      )}
      {items && items.length > 0 && (
        <div className="scroll">
          <div className="wrapm">
            <ul className="happened">
              {items.map((item) => (
                <Row key={item.id} item={item} />
              ))}
            </ul>
            <More of={list} />
          </div>
        </div>
      )}
    </main>
  )
}

const ICONS: Readonly<Record<NotificationKind, LucideIcon>> = {
  mention: AtSign,
  room: UsersRound,
  here: UsersRound,
  reply: Reply,
  answer: Sparkles,
  direct: MessageSquareText,
  message: MessageSquareText,
}

function Row({ item }: { item: Notification }) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const format = useFormat()
  const seen = async () => {
    if (item.read) return
    // Where it cannot be told, what is read in the room counts all the same.
    const now = await api.city.readNotifications({ ids: [item.id] }).catch(() => undefined)
    if (now) queries.setQueryData(BELL, now.unread)
  }
  return (
    <li>
      <span className={item.author.kind === 'agent' ? 'ic g' : 'ic'}>
        <Icon of={ICONS[item.kind]} size="s" />
      </span>
      <div>
        {item.read ? null : <b className="vh">{t('notifications.fresh')} </b>}
        {t(`notifications.kind.${item.kind}`, { name: item.author.name })}{' '}
        <Link
          to="/rooms/$room"
          params={{ room: item.room.slug }}
          search={{ message: item.message }}
          onClick={() => void seen()}
        >
          {item.room.name}
        </Link>
        {item.text !== '' && <p className="quoted">{item.text}</p>}
        <div className="meta row">
          <time dateTime={item.at}>{format.moment(item.at)}</time>
          {!item.read && (
            <span className="count me" aria-hidden="true">
              {t('notifications.fresh')}
            </span>
          )}
        </div>
      </div>
    </li>
  )
}
