import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import type { PageCounts } from '../../../../../src/services/city/city.contract.ts'

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

/** Every page accounted for: a mark for each, and the sums in words. */
export function PageLedger({ pages }: { pages: PageCounts }) {
  const { t } = useTranslation()
  const kinds = kindsOf(pages)
  if (pages.total === 0) return null
  return (
    <>
      {pages.total <= MOST_MARKS ? (
        <div className="ledger" aria-hidden="true">
          {kinds.flatMap(({ kind, count }) =>
            Array.from({ length: count }, (_, page) => <i key={`${kind}${page}`} className={MARKS[kind]} />),
          )}
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
