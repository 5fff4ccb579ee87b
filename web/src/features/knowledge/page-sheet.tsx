import { CircleAlert } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { DocumentPage } from '../../../../src/services/knowledge/documents.contract.ts'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { useAfter } from '../../ui/states.tsx'
import { locate } from '../city/quote.ts'
import { MarkedMarkdown } from './marked-markdown.tsx'

interface PageSheetProps {
  query: {
    data: (DocumentPage & { title: string }) | undefined
    error: unknown
    refetch: () => unknown
  }
  quote: string
}

/** One page as it was read, with the cited passage marked and brought into view; a page without words says why. */
export function PageSheet({ query, quote }: PageSheetProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const marked = useRef<HTMLElement>(null)
  const late = useAfter(300)
  const { data, error } = query
  useEffect(() => {
    if (!data) return
    const center = () => marked.current?.scrollIntoView({ block: 'center' })
    // The record's type may still be on its way, and moves the passage when it comes.
    const frame = requestAnimationFrame(() => {
      center()
      void document.fonts.ready.then(center)
    })
    return () => cancelAnimationFrame(frame)
  }, [data])
  if (error)
    return (
      <div className="grid gap-3 p-4">
        <p className="fail">
          <Icon of={CircleAlert} size="s" />
          <span>
            {t('city.sourceFailed')} {sentenceOf(failureOf(error), language)}
          </span>
        </p>
        <Button small className="justify-self-start" onClick={() => void query.refetch()}>
          {t('common.retry')}
        </Button>
      </div>
    )
  if (!data)
    return late ? (
      <div className="sheet pp grid gap-3" aria-busy="true">
        {[80, 94, 88, 60, 91, 72].map((width) => (
          <i key={width} className="sk" style={{ width: `${width}%` }} />
        ))}
      </div>
    ) : null
  const wordsFor = ({ state, error: code }: DocumentPage) => {
    if (state === 'failed')
      return code ? sentenceOf({ code, message: t('city.pageUnread') }, language) : t('city.pageUnread')
    return state === 'waiting' ? t('city.pageWaiting') : t('city.pageEmpty')
  }
  const place = quote === '' ? null : locate(data.text, quote)
  const nothing = wordsFor(data)
  return (
    <div className="sheet record pp">
      <div className="no">
        <span className="trim">{data.title}</span>
        <span>{data.place?.label ?? data.number}</span>
      </div>
      {data.text === '' ? (
        <p className={data.state === 'failed' ? 'fail' : 'meta'}>{nothing}</p>
      ) : data.markdown ? (
        <MarkedMarkdown key={data.number} text={data.markdown} quote={quote} />
      ) : (
        <p className="text">
          {place ? (
            <>
              {data.text.slice(0, place.start)}
              <mark ref={marked}>{data.text.slice(place.start, place.end)}</mark>
              {data.text.slice(place.end)}
            </>
          ) : (
            data.text
          )}
        </p>
      )}
      {quote !== '' && !place && data.text !== '' && !data.markdown && (
        <p className="meta" style={{ marginTop: 12, fontFamily: 'var(--font-ui)' }}>
          {t('city.quoteMissing')}
        </p>
      )}
    </div>
  )
}
