import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { ChevronLeft, CircleAlert, Search, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { More, usePages } from '../../ui/pages.tsx'
import { EmptyState, useAfter } from '../../ui/states.tsx'
import { SearchFilters } from './filters.tsx'
import { asks, type SearchParams, toInput } from './query.ts'
import { SearchHit } from './search-hit.tsx'
import { WebResults } from './web-results.tsx'

const TYPING_MS = 250
const PAGE = 20

/** What is somewhere in the city and may be read: found while it is typed, narrowed by chips. The address holds the search. */
export function SearchPage() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const params = useSearch({ from: '/inside/search' })
  const [typed, setTyped] = useState(params.q ?? '')
  const change = (next: SearchParams) => void navigate({ to: '/search', search: next, replace: true })
  useEffect(() => {
    document.title = t('search.title')
  }, [t])
  // Only what is typed goes to the address; what another link changed there comes back.
  useEffect(() => setTyped(params.q ?? ''), [params.q])
  useEffect(() => {
    if (typed === (params.q ?? '')) return
    const timer = setTimeout(
      () => void navigate({ to: '/search', search: { ...params, q: typed || undefined }, replace: true }),
      TYPING_MS,
    )
    return () => clearTimeout(timer)
  }, [typed, params, navigate])
  return (
    <main className="main" id="talk" tabIndex={-1}>
      <div className="scroll">
        <h1 className="vh">{t('search.title')}</h1>
        <div className="sq">
          <search className="row">
            <Link className="ib only-phone" to="/rooms" aria-label={t('city.backToRooms')}>
              <Icon of={ChevronLeft} />
            </Link>
            <label className="field grow">
              <Icon of={Search} />
              <input
                // biome-ignore lint/a11y/noAutofocus: the page is there to type into
                autoFocus
                type="search"
                value={typed}
                maxLength={500}
                aria-label={t('search.input')}
                placeholder={t('search.placeholder')}
                onChange={(event) => setTyped(event.target.value)}
              />
              {typed !== '' && (
                <IconButton icon={X} size="s" label={t('search.clear')} onClick={() => setTyped('')} />
              )}
            </label>
          </search>
          <SearchFilters of={params} onChange={change} />
        </div>
        <div className="res">
          {asks(params) ? (
            <>
              <Results of={params} />
              {params.q && <WebResults key={params.q} query={params.q.trim()} />}
            </>
          ) : (
            <EmptyState icon={Search} title={t('search.start')}>
              <p className="meta">{t('search.startHint')}</p>
            </EmptyState>
          )}
        </div>
      </div>
    </main>
  )
}

function Results({ of }: { of: SearchParams }) {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const found = usePages({
    queryKey: ['search', of],
    page: (cursor, signal) => api.city.search({ ...toInput(of), limit: PAGE, cursor }, { signal }),
    keep: true,
    staleTime: 5_000,
  })
  const { first, items: hits } = found
  if (found.error && !hits)
    return (
      <EmptyState icon={CircleAlert} title={t('search.failed')}>
        <p className="meta">{sentenceOf(failureOf(found.error), language)}</p>
        <Button small onClick={() => void found.refetch()}>
          {t('common.retry')}
        </Button>
      </EmptyState>
    )
  if (!hits || !first) return <HitsSkeleton />
  const query = (of.q ?? '').trim()
  return (
    <div aria-busy={found.isPlaceholderData}>
      <div className="say meta">
        <span role="status">
          {hits.length > 0 &&
            (found.hasNextPage
              ? t('search.foundMore', { count: hits.length })
              : t('search.found', { count: hits.length }))}
        </span>
        {first.meant.map(({ word, as }) => (
          <span key={word}>{t('search.meantFor', { word, as: as.join(', ') })}</span>
        ))}
        {query !== '' && of.mode !== 'words' && first.meaning === 'letters' && (
          <span>{t('search.noModel')}</span>
        )}
        {query !== '' && of.mode !== 'words' && first.meaning === 'none' && (
          <span>{t('search.noMeaning')}</span>
        )}
      </div>
      {hits.length === 0 ? (
        <EmptyState icon={Search} title={t('search.none')}>
          <p className="meta">{t('search.noneHint')}</p>
        </EmptyState>
      ) : (
        <ol aria-label={t('search.title')}>
          {hits.map((hit) => (
            <li key={`${hit.kind}:${hit.id}:${hit.message}:${hit.page ?? 0}`}>
              <SearchHit hit={hit} />
            </li>
          ))}
        </ol>
      )}
      <More of={found} />
    </div>
  )
}

function HitsSkeleton() {
  if (!useAfter(300)) return null
  return (
    <div className="grid gap-4 py-3" aria-hidden="true">
      {[72, 88, 54, 80].map((width) => (
        <i key={width} className="sk" style={{ width: `${width}%` }} />
      ))}
    </div>
  )
}
