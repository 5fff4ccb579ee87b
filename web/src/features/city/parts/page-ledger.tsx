import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import type { PageCounts } from '../../../../../src/services/city/messages.contract.ts'

const KINDS = ['read', 'ocr', 'empty', 'failed', 'waiting'] as const
type Kind = (typeof KINDS)[number]
const MARKS: Record<Kind, string> = { read: 't', ocr: 'o', empty: 's', failed: 'x', waiting: '' }
/** More pages than this are drawn as one bar with the same parts. */
const MOST_MARKS = 120

/** How many pages are of each kind; what is not accounted for yet is waiting, so that they always add up. */
export function kindsOf(pages: PageCounts): { kind: Kind; count: number }[] {
  const { read, ocr, empty, failed, total } = pages
  const waiting = Math.max(0, total - read - ocr - empty - failed)
  const counts = { read, ocr, empty, failed, waiting }
  return KINDS.map((kind) => ({ kind, count: counts[kind] })).filter(({ count }) => count > 0)
}

/** "14 pages: 12 read, 1 by OCR, 1 empty", in the reader's language. */
export function ledgerWords(pages: PageCounts, t: TFunction): string {
  const parts = kindsOf(pages).map(({ kind, count }) => t(`city.ledger.${kind}`, { count }))
  return `${t('city.pages', { count: pages.total })}: ${parts.join(', ')}`
}

interface PageLedgerProps {
  pages: PageCounts
  /** What became of each page, where that is known: the marks then stand in the order of the pages. */
  order?: readonly Kind[] | undefined
  /** The page that is open, from 1. */
  at?: number
}

/** Every page accounted for: a mark for each, and the sums in words. */
export function PageLedger({ pages, order, at }: PageLedgerProps) {
  const { t } = useTranslation()
  const kinds = kindsOf(pages)
  if (pages.total === 0) return null
  return (
    <>
      {pages.total <= MOST_MARKS ? (
        <div className="ledger" aria-hidden="true">
          {marksOf(kinds, order, pages.total).map(({ key, kind }, page) => (
            <i key={key} className={page + 1 === at ? `${MARKS[kind]} at` : MARKS[kind]} />
          ))}
        </div>
      ) : (
        <div className="bar ledger" aria-hidden="true">
          {kinds.map(({ kind, count }) => (
            <i key={kind} className={MARKS[kind]} style={{ flex: count, width: 'auto', height: 'auto' }} />
          ))}
        </div>
      )}
      <p className="meta" style={{ marginTop: 9 }}>
        {ledgerWords(pages, t)}
      </p>
    </>
  )
}

function marksOf(kinds: ReturnType<typeof kindsOf>, order: readonly Kind[] | undefined, total: number) {
  const inOrder = order?.length === total ? order : undefined
  const marks = inOrder ?? kinds.flatMap(({ kind, count }) => Array.from({ length: count }, () => kind))
  return marks.map((kind, page) => ({ key: `page ${page + 1}`, kind }))
}
