import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronLeft, ChevronRight, MessageSquare } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Citation } from '../../../../src/services/city/messages.contract.ts'
import { useApi } from '../../context.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { PageSheet } from '../knowledge/page-sheet.tsx'
import { FileIcon } from './parts/doc-card.tsx'
import { useTalk } from './talk-context.tsx'

interface SourcePanelProps {
  citations: readonly Citation[]
  n: number
  onTurn: (n: number) => void
  onClose: () => void
}

/** A source at the place that was cited: the page as it was read, with the passage marked. */
export function SourcePanel({ citations, n, onTurn, onClose }: SourcePanelProps) {
  const { t } = useTranslation()
  const at = Math.max(
    0,
    citations.findIndex((citation) => citation.n === n),
  )
  const citation = citations[at]
  if (!citation) return null
  const turn = (way: number) => {
    const next = citations[at + way]
    if (next) onTurn(next.n)
  }
  return (
    <div className="pt">
      <div className="row" style={{ padding: '14px 16px 0', gap: 10 }}>
        {citation.document === undefined ? <Icon of={MessageSquare} /> : <FileIcon name={citation.title} />}
        <div className="grow">
          <div className="trim font-[560]">{citation.title}</div>
          <div className="meta">
            {t('city.sourceN', { n: citation.n })}
            {citation.document === undefined &&
              ` · ${citation.url === undefined ? t('city.inRoom') : new URL(citation.url).host}`}
          </div>
        </div>
        {citations.length > 1 && (
          <>
            <IconButton
              icon={ChevronLeft}
              label={t('city.previousSource')}
              disabled={at === 0}
              onClick={() => turn(-1)}
            />
            <span className="meta num">{t('city.sourceOf', { n: at + 1, total: citations.length })}</span>
            <IconButton
              icon={ChevronRight}
              label={t('city.nextSource')}
              disabled={at === citations.length - 1}
              onClick={() => turn(1)}
            />
          </>
        )}
      </div>
      {citation.document === undefined ? (
        <FromRoom citation={citation} onClose={onClose} />
      ) : (
        <FromDocument key={citation.n} citation={citation} document={citation.document} />
      )}
    </div>
  )
}

function FromRoom({ citation, onClose }: { citation: Citation; onClose: () => void }) {
  const { t } = useTranslation()
  const talk = useTalk()
  const { message, url } = citation
  const go = () => {
    onClose()
    if (message !== undefined) talk.goTo(message)
  }
  return (
    <>
      <div className="scroll">
        <div className="sheet record pp">
          <p className="text">
            <mark>{citation.quote}</mark>
          </p>
        </div>
      </div>
      {url !== undefined && /^https?:/.test(url) && (
        <div className="pt-foot">
          <a className="btn grow trim" href={url} target="_blank" rel="noreferrer noopener">
            {new URL(url).host}
          </a>
        </div>
      )}
      {message !== undefined && (
        <div className="pt-foot">
          <Button className="grow" onClick={go}>
            {t('city.goToMessage')}
          </Button>
        </div>
      )}
    </>
  )
}

function FromDocument({ citation, document }: { citation: Citation; document: string }) {
  const { t } = useTranslation()
  const api = useApi()
  const [number, setNumber] = useState(citation.page ?? 1)
  const page = useQuery({
    queryKey: ['page', document, number],
    queryFn: () => api.knowledge.page({ document, page: number }),
  })
  const total = page.data?.total ?? number
  return (
    <>
      <div className="row" style={{ padding: '10px 10px 0 16px' }}>
        <span className="meta grow">{t('city.pageOf', { page: number, total })}</span>
        <IconButton
          icon={ChevronLeft}
          label={t('city.previousPage')}
          disabled={number <= 1}
          onClick={() => setNumber(number - 1)}
        />
        <IconButton
          icon={ChevronRight}
          label={t('city.nextPage')}
          disabled={number >= total}
          onClick={() => setNumber(number + 1)}
        />
      </div>
      <section
        className="scroll"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        tabIndex={0}
        aria-label={t('city.pageOf', { page: number, total })}
      >
        <PageSheet query={page} quote={number === (citation.page ?? 1) ? citation.quote : ''} />
      </section>
      <div className="pt-foot">
        <Link
          className="btn grow"
          to="/documents/$document"
          params={{ document }}
          search={{ page: number, quote: citation.quote }}
        >
          {t('city.openAtPage', { page: number })}
        </Link>
      </div>
    </>
  )
}
