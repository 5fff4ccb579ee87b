import { Link } from '@tanstack/react-router'
import { ChevronLeft, CircleAlert } from 'lucide-react'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat, useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { More, usePages } from '../../ui/pages.tsx'
import { EmptyState, TalkSkeleton } from '../../ui/states.tsx'
import { FeedRow } from './feed-row.tsx'

const REFRESH_MS = 60_000
/** Whoever looks this long has looked. */
const SEEN_MS = 3_000

/** What happened where the reader may look: how much since they last did, what they have not seen, then the rest. */
export function FeedPage() {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const feed = usePages({
    queryKey: ['feed'],
    page: (after) => api.city.feed({ after }),
    refetchInterval: REFRESH_MS,
  })
  useEffect(() => {
    document.title = t('common.feed')
  }, [t])
  useEffect(() => {
    // The digest of the next visit begins here; where it cannot be told, it begins earlier.
    const timer = setTimeout(() => void api.city.feedSeen({}).catch(() => undefined), SEEN_MS)
    return () => clearTimeout(timer)
  }, [api])
  const { items } = feed
  const unread = items?.filter((item) => item.unread) ?? []
  const earlier = items?.filter((item) => !item.unread) ?? []
  const digest = feed.data?.pages[0]?.digest
  return (
    <main className="main" id="talk" tabIndex={-1}>
      <header className="top">
        <Link className="ib only-phone" to="/rooms" aria-label={t('city.backToRooms')}>
          <Icon of={ChevronLeft} />
        </Link>
        <h1 className="grow">{t('common.feed')}</h1>
      </header>
      {!items && !feed.error && <TalkSkeleton label={t('common.feed')} />}
      {!items && feed.error && (
        <EmptyState icon={CircleAlert} title={sentenceOf(failureOf(feed.error), language)}>
          <div className="row">
            <Button onClick={() => void feed.refetch()}>{t('common.retry')}</Button>
          </div>
        </EmptyState>
      )}
      {items?.length === 0 && (
        <EmptyState title={t('feed.empty')}>
          <p>{t('feed.emptyHint')}</p>
        </EmptyState>
      )}
      {items && items.length > 0 && (
        <div className="scroll">
          <div className="wrapm">
            {digest && <Digest digest={digest} />}
            {unread.length > 0 && (
              <section aria-labelledby="unread">
                <h2 id="unread">{t('feed.unread')}</h2>
                <ul className="happened">
                  {unread.map((item) => (
                    <FeedRow key={item.id} item={item} />
                  ))}
                </ul>
              </section>
            )}
            {earlier.length > 0 && (
              <section aria-labelledby="earlier">
                <h2 id="earlier">{t('feed.earlier')}</h2>
                <ul className="happened">
                  {earlier.map((item) => (
                    <FeedRow key={item.id} item={item} />
                  ))}
                </ul>
              </section>
            )}
            <More of={feed} />
          </div>
        </div>
      )}
    </main>
  )
}

type DigestOf = NonNullable<Awaited<ReturnType<ReturnType<typeof useApi>['city']['feed']>>['digest']>

function Digest({ digest }: { digest: DigestOf }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <section aria-labelledby="digest">
      <h2 id="digest">
        {digest.since === null ? t('feed.first') : t('feed.since', { when: format.moment(digest.since) })}
      </h2>
      {digest.rooms.length === 0 && <p className="meta">{t('feed.quiet')}</p>}
      <ul className="digest">
        {digest.rooms.map(({ room, messages, mentions }) => (
          <li key={room.id}>
            <Link to="/rooms/$room" params={{ room: room.slug }}>
              {room.name}
            </Link>
            <span className="meta">
              {t('feed.digestLine', { count: messages })}
              {mentions > 0 && `, ${t('feed.calls', { count: mentions })}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
