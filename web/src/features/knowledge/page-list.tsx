import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type {
  Document,
  DocumentPage,
  PageState,
} from '../../../../src/services/knowledge/documents.contract.ts'
import { sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { PageLedger } from '../city/parts/page-ledger.tsx'

const MARKS: Record<PageState, string> = {
  read: 'pg pg-t',
  ocr: 'pg pg-o',
  empty: 'pg pg-s',
  failed: 'pg pg-x',
  waiting: 'pg',
}

interface PageListProps {
  document: Document & { ledger: readonly Omit<DocumentPage, 'text' | 'markdown'>[] }
  at: number
  searchOf: (page: number) => { page: number; quote: string | undefined }
  onChosen?: () => void
}

/** Every page with what became of it, and their sums; a page that was not read says why. */
export function PageList({ document, at, searchOf, onChosen }: PageListProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { ledger, pages } = document
  const why = ({ state, error }: (typeof ledger)[number]) =>
    state === 'failed' && error
      ? sentenceOf({ code: error, message: t('knowledge.state.failed') }, language)
      : t(`knowledge.state.${state}`)
  return (
    <>
      <div className="scroll">
        <ol className="ol">
          {ledger.map((page) => (
            <li key={page.number}>
              <Link
                to="/documents/$document"
                params={{ document: document.id }}
                search={searchOf(page.number)}
                className={page.state === 'failed' ? 'bad' : ''}
                aria-current={page.number === at ? 'page' : undefined}
                onClick={onChosen}
              >
                <i className={MARKS[page.state]} aria-hidden="true" />
                <span>{page.place?.label || t('knowledge.pageN', { page: page.number })}</span>
                <small>{why(page)}</small>
              </Link>
            </li>
          ))}
        </ol>
        {ledger.length === 0 && <p className="meta p-2">{t('knowledge.notCounted')}</p>}
      </div>
      {pages.total > 0 && (
        <div className="sum">
          <PageLedger pages={pages} order={ledger.map(({ state }) => state)} at={at} />
          {document.state === 'pending' && (
            <p className="meta row">
              <i className="lit breathe" />
              {t('city.readingDocument')}
            </p>
          )}
        </div>
      )}
    </>
  )
}
