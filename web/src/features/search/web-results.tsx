import { useQuery } from '@tanstack/react-query'
import { CircleAlert, Globe } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'

/** What the internet has on the same words, once the reader asks for it: only then does the query leave the city. */
export function WebResults({ query }: { query: string }) {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const [wanted, setWanted] = useState(false)
  const found = useQuery({
    queryKey: ['web-search', query],
    queryFn: ({ signal }) => api.city.searchWeb({ q: query.slice(0, 300) }, { signal }),
    enabled: wanted && query !== '',
    retry: false,
    staleTime: 60_000,
  })
  if (query === '') return null
  if (!wanted)
    return (
      <p className="pt-4">
        <Button small icon={Globe} onClick={() => setWanted(true)}>
          {t('search.web')}
        </Button>
      </p>
    )
  return (
    <section aria-labelledby="on-the-internet" aria-busy={found.isPending}>
      <div className="sec">
        <h2 id="on-the-internet">{t('search.webTitle')}</h2>
        {found.data && (
          <span className="meta" role="status">
            {found.data.items.length > 0
              ? t('search.webSent', { query, engine: found.data.engine })
              : t('search.webNone')}
          </span>
        )}
      </div>
      {found.error && (
        <p className="fail" role="alert">
          <Icon of={CircleAlert} size="s" />
          <span>
            {t('search.webFailed')} {sentenceOf(failureOf(found.error), language)}
          </span>
        </p>
      )}
      <ol aria-labelledby="on-the-internet">
        {found.data?.items.map(({ title, url, site, text }) => (
          <li key={url}>
            <a className="hit" href={url} target="_blank" rel="noopener noreferrer nofollow">
              <span className="plate q" aria-hidden="true">
                {[...site][0]}
              </span>
              <span>
                <span className="wh">
                  <b>{title}</b>
                  <span>{new URL(url).host}</span>
                </span>
                <span className="words">{text}</span>
              </span>
            </a>
          </li>
        ))}
      </ol>
    </section>
  )
}
