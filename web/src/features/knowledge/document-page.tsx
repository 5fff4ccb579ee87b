import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { ChevronLeft, CircleAlert, ExternalLink, List, MessageCircleQuestionMark } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fileUrl } from '../../api.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { BottomSheet } from '../../ui/dialog.tsx'
import { Icon } from '../../ui/icon.tsx'
import { EmptyState, Forbidden, useAfter } from '../../ui/states.tsx'
import { useCity, useRooms } from '../city/city-context.tsx'
import { FileIcon } from '../city/parts/doc-card.tsx'
import { draftAbout } from './draft-about.ts'
import { PageList } from './page-list.tsx'
import { PageView } from './page-view.tsx'

const originalUrl = (document: string): string =>
  `/api/knowledge/documents/${encodeURIComponent(document)}/original`
const READING_MS = 2_000
const KINDS: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'text/markdown': 'md',
  'text/plain': 'txt',
}
const CLOSED = ['not_found', 'forbidden', 'invalid']

/** A document at one of its pages, with every page accounted for. */
export function DocumentPage() {
  const { document: id } = useParams({ from: '/inside/documents/$document' })
  return <DocumentView key={id} id={id} />
}

function DocumentView({ id }: { id: string }) {
  const { t } = useTranslation()
  const api = useApi()
  const navigate = useNavigate()
  const { page: asked = 1, quote = '' } = useSearch({ from: '/inside/documents/$document' })
  const [cited] = useState({ page: asked, quote })
  const [listed, setListed] = useState(false)
  const [asPrinted, setAsPrinted] = useState(false)
  const found = useQuery({
    queryKey: ['document', id],
    queryFn: () => api.knowledge.document({ document: id }),
    refetchInterval: ({ state }) => (state.data?.state === 'pending' ? READING_MS : false),
  })
  const title = found.data?.title
  const isPdf = found.data?.mime === 'application/pdf'
  const number = Math.min(asked, found.data?.pages.total || asked)
  useEffect(() => {
    if (title) window.document.title = title
  }, [title])

  const searchOf = (page: number) => ({
    page,
    quote: page === cited.page && cited.quote !== '' ? cited.quote : undefined,
  })
  const turn = (page: number) =>
    void navigate({ to: '/documents/$document', params: { document: id }, search: searchOf(page) })
  if (found.error && !found.data)
    return <NotOpened error={found.error} onRetry={() => void found.refetch()} />
  const { data } = found
  return (
    <main className="main" id="talk" tabIndex={-1}>
      <Header of={data} />
      <div className="doc">
        <nav className="rail" aria-label={t('knowledge.pages')}>
          {data ? <PageList document={data} at={number} searchOf={searchOf} /> : <RailSkeleton />}
        </nav>
        <PageView
          document={id}
          total={data?.pages.total}
          number={number}
          quote={number === cited.page ? cited.quote : ''}
          onTurn={turn}
          printed={isPdf && asPrinted ? originalUrl(id) : null}
        >
          {isPdf && (
            <Button small look="quiet" aria-pressed={asPrinted} onClick={() => setAsPrinted(!asPrinted)}>
              {t('knowledge.asPrinted')}
            </Button>
          )}
          <Button small look="quiet" icon={List} className="unwide" onClick={() => setListed(true)}>
            {t('knowledge.pages')}
          </Button>
        </PageView>
      </div>
      {data && (
        <BottomSheet
          title={t('knowledge.pages')}
          closeLabel={t('common.close')}
          open={listed}
          onClose={() => setListed(false)}
          tall
        >
          <PageList document={data} at={number} searchOf={searchOf} onChosen={() => setListed(false)} />
        </BottomSheet>
      )}
    </main>
  )
}

type Opened = Awaited<ReturnType<ReturnType<typeof useApi>['knowledge']['document']>>

function Header({ of }: { of: Opened | undefined }) {
  const { t } = useTranslation()
  const format = useFormat()
  const rooms = useRooms()
  const navigate = useNavigate()
  const { drafts } = useCity()
  const room = rooms.data?.find(({ id }) => id === of?.room)
  const about = of && [
    room ? t('knowledge.inRoom', { room: room.name }) : '',
    of.pages.total > 0 ? t('city.pages', { count: of.pages.total }) : '',
    format.bytes(of.sizeBytes),
    format.moment(of.createdAt),
  ]
  const ask = () => {
    if (!room || !of) return
    const [agent = 'daarwizz'] = room.replyPolicy.agents
    const words = t('knowledge.askWords', { agent, title: of.title })
    drafts.setText(room.id, draftAbout(drafts.text(room.id), words))
    void navigate({ to: '/rooms/$room', params: { room: room.slug } })
  }
  return (
    <header className="top" style={{ paddingLeft: 8 }}>
      <Link
        className="ib"
        to={room ? '/rooms/$room' : '/knowledge'}
        params={{ room: room?.slug ?? '' }}
        aria-label={room ? t('knowledge.backTo', { room: room.name }) : t('knowledge.title')}
      >
        <Icon of={ChevronLeft} />
      </Link>
      {of && <FileIcon name={`.${KINDS[of.mime] ?? ''}`} />}
      <div className="grow">
        <h1 className="trim">{of?.title ?? t('knowledge.loading')}</h1>
        <div className="meta trim" style={{ fontSize: 'var(--text-xs)' }}>
          {about?.filter(Boolean).join(' · ')}
        </div>
      </div>
      {room && (
        <>
          <Button small look="primary" icon={MessageCircleQuestionMark} className="not-phone" onClick={ask}>
            {t('knowledge.ask')}
          </Button>
          <IconButton
            icon={MessageCircleQuestionMark}
            label={t('knowledge.ask')}
            className="only-phone"
            onClick={ask}
          />
        </>
      )}
      {of && (
        <a
          className="ib"
          href={of.file ? fileUrl(of.file) : originalUrl(of.id)}
          target="_blank"
          rel="noreferrer"
          aria-label={t('knowledge.original')}
          title={t('knowledge.original')}
        >
          <Icon of={ExternalLink} />
        </a>
      )}
    </header>
  )
}

function NotOpened({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const failure = failureOf(error)
  return (
    <main className="main" id="talk" tabIndex={-1}>
      {CLOSED.includes(failure.kind) ? (
        <Forbidden title={t('city.nothingHere')}>
          <p>{t('knowledge.nothingHereHint')}</p>
          <div className="row">
            <Link className="btn btn-s" to="/rooms">
              {t('city.backToRooms')}
            </Link>
          </div>
        </Forbidden>
      ) : (
        <EmptyState level={1} icon={CircleAlert} title={t('knowledge.notLoaded')}>
          <p>{sentenceOf(failure, format.language)}</p>
          <div className="row">
            <Button onClick={onRetry}>{t('common.retry')}</Button>
          </div>
        </EmptyState>
      )}
    </main>
  )
}

function RailSkeleton() {
  if (!useAfter(300)) return null
  return (
    <div className="grid gap-4 p-4" aria-hidden="true">
      {[80, 62, 74, 58].map((width) => (
        <i key={width} className="sk" style={{ width: `${width}%` }} />
      ))}
    </div>
  )
}
