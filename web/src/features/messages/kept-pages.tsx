import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { AtSign, Bookmark, ChevronLeft, Clock, type LucideIcon, X } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Placed, Scheduled } from '../../../../src/services/city/desk.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat, useLanguage } from '../../i18n/format.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { FieldError, LabelledField } from '../../ui/field.tsx'
import { More, usePages } from '../../ui/pages.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useRooms } from '../city/city-context.tsx'
import { localTime } from './composer-dialogs.tsx'
import { PlacedMessage } from './placed-message.tsx'

/** The messages one saved. */
export function SavedPage() {
  const { t } = useTranslation()
  const api = useApi()
  const say = useToast()
  const language = useLanguage()
  const queries = useQueryClient()
  const drop = useMutation({
    mutationFn: (message: string) => api.city.unsave({ message }),
    onSuccess: (_, message) => {
      void queries.invalidateQueries({ queryKey: ['saved'] })
      const back = () =>
        void api.city.save({ message }).then(() => queries.invalidateQueries({ queryKey: ['saved'] }))
      say({ text: t('talk.unsaved'), act: { label: t('common.undo'), run: back } })
    },
    onError: (failure) => say({ text: sentenceOf(failureOf(failure), language) }),
  })
  return (
    <PlacedPage
      name="saved"
      icon={Bookmark}
      read={(before) => api.city.saved({ before })}
      after={({ message }) => (
        <IconButton icon={X} size="s" label={t('talk.unsave')} onClick={() => drop.mutate(message.id)} />
      )}
    />
  )
}

/** Where one was called. */
export function MentionsPage() {
  const api = useApi()
  return <PlacedPage name="mentions" icon={AtSign} read={(before) => api.city.mentions({ before })} />
}

interface PlacedPageProps {
  name: 'saved' | 'mentions'
  icon: LucideIcon
  read: (before: string | undefined) => Promise<{ items: Placed[]; next?: string | undefined }>
  after?: (placed: Placed) => ReactNode
}

function PlacedPage({ name, icon, read, after }: PlacedPageProps) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const pages = usePages({
    queryKey: [name],
    page: read,
  })
  const { items = [] } = pages
  return (
    <KeptPage title={t(`talk.${name}`)} error={pages.error}>
      {pages.isSuccess && items.length === 0 && (
        <EmptyState icon={icon} title={t(`talk.${name}Empty`)}>
          <p>{t(`talk.${name}Hint`)}</p>
        </EmptyState>
      )}
      <ul className="kept">
        {items.map((placed) => (
          <li key={placed.message.id} className="row">
            <PlacedMessage
              message={placed.message}
              where={
                <>
                  {t('talk.inRoom', { room: placed.room.name })}{' '}
                  {placed.mention && t(`talk.calledAll.${placed.mention}`)}
                </>
              }
              onOpen={() =>
                void navigate({
                  to: '/rooms/$room',
                  params: { room: placed.room.slug },
                  search: { message: placed.message.id },
                })
              }
            />
            {after?.(placed)}
          </li>
        ))}
      </ul>
      <More of={pages} />
    </KeptPage>
  )
}

/** What waits to be sent. */
export function ScheduledPage() {
  const { t } = useTranslation()
  const api = useApi()
  const waiting = useQuery({ queryKey: ['scheduled'], queryFn: () => api.city.scheduled({}) })
  return (
    <KeptPage title={t('talk.scheduled')} error={waiting.error}>
      {waiting.data?.items.length === 0 && (
        <EmptyState icon={Clock} title={t('talk.scheduledEmpty')}>
          <p>{t('talk.scheduledHint')}</p>
        </EmptyState>
      )}
      <ul className="kept">
        {waiting.data?.items.map((item) => (
          <Waiting key={item.id} item={item} />
        ))}
      </ul>
    </KeptPage>
  )
}

function Waiting({ item }: { item: Scheduled }) {
  const { t } = useTranslation()
  const api = useApi()
  const format = useFormat()
  const language = useLanguage()
  const queries = useQueryClient()
  const rooms = useRooms()
  const [when, setWhen] = useState<string | null>(null)
  const fresh = () => queries.invalidateQueries({ queryKey: ['scheduled'] })
  const change = useMutation({
    mutationFn: async (at: string | null) => {
      if (at === null) await api.city.unschedule({ scheduled: item.id })
      else await api.city.reschedule({ scheduled: item.id, at: new Date(at).toISOString() })
    },
    onSuccess: () => setWhen(null),
    onSettled: fresh,
  })
  const room = rooms.data?.find(({ id }) => id === item.room)
  const failure = item.error ? sentenceOf(failureOf(item.error), language) : undefined
  return (
    <li className="card waiting-card">
      <div className="card-b">
        <div className="meta">
          {format.moment(item.at)} · {t(`talk.scheduledState.${item.state}`)}
          {room && ` · ${t('talk.inRoom', { room: room.name })}`}
        </div>
        <p className="quoted">{item.text}</p>
        {when !== null && (
          <LabelledField
            label={t('talk.scheduleWhen')}
            type="datetime-local"
            value={when}
            min={localTime(Date.now())}
            onChange={(event) => setWhen(event.target.value)}
          />
        )}
        <FieldError error={change.error ? sentenceOf(failureOf(change.error), language) : failure} />
      </div>
      <div className="card-f">
        {when === null ? (
          <Button small onClick={() => setWhen(localTime(Date.parse(item.at)))}>
            {t('talk.reschedule')}
          </Button>
        ) : (
          <Button small look="primary" disabled={when === ''} onClick={() => change.mutate(when)}>
            {t('common.save')}
          </Button>
        )}
        <Button small look="quiet" onClick={() => change.mutate(null)}>
          {t('talk.unschedule')}
        </Button>
      </div>
    </li>
  )
}

interface KeptPageProps {
  title: string
  error: unknown
  children: ReactNode
}

function KeptPage({ title, error, children }: KeptPageProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const navigate = useNavigate()
  useEffect(() => {
    document.title = title
  }, [title])
  return (
    <main className="main" id="talk" tabIndex={-1}>
      <header className="top">
        <IconButton
          icon={ChevronLeft}
          className="only-phone"
          label={t('city.mutedPhone')}
          style={{ marginLeft: -12 }}
          onClick={() => void navigate({ to: '/rooms' })}
        />
        <h1 className="grow trim">{title}</h1>
      </header>
      <div className="scroll kept-scroll">
        {Boolean(error) && (
          <FieldError error={`${t('talk.placesFailed')} ${sentenceOf(failureOf(error), language)}`} />
        )}
        {children}
      </div>
    </main>
  )
}
