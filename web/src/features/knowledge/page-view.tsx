import { useQuery } from '@tanstack/react-query'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { type KeyboardEvent, lazy, type ReactNode, Suspense, useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { IconButton } from '../../ui/button.tsx'
import { PageSheet } from './page-sheet.tsx'

/** It brings a reader of PDFs, which is fetched only where a page is shown as printed. */
const PdfSheet = lazy(async () => ({ default: (await import('./pdf-sheet.tsx')).PdfSheet }))
const READING_MS = 2_000

interface PageViewProps {
  document: string
  total: number | undefined
  number: number
  quote: string
  onTurn: (page: number) => void
  /** Where its bytes are, to show the page as it was printed; null to show it as it was read. */
  printed: string | null
  /** What stands beside the page’s number. */
  children: ReactNode
}

/** One page, and the way to its neighbours: the buttons, or the arrows left and right. */
export function PageView({
  document,
  total: counted,
  number,
  quote,
  onTurn,
  printed,
  children,
}: PageViewProps) {
  const { t } = useTranslation()
  const api = useApi()
  const page = useQuery({
    queryKey: ['page', document, number],
    queryFn: () => api.knowledge.page({ document, page: number }),
    refetchInterval: ({ state }) => (state.data?.state === 'waiting' ? READING_MS : false),
  })
  const total = page.data?.total ?? counted
  const label = total ? t('city.pageOf', { page: number, total }) : t('city.page', { page: number })
  const turn = (way: number) => {
    const next = Math.min(number + way, total ?? number)
    if (next >= 1 && next !== number) onTurn(next)
  }
  const arrows = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
    if (event.key === 'ArrowLeft') turn(-1)
    if (event.key === 'ArrowRight') turn(1)
  }
  // The marked passage brings itself into view; any other page begins at its top.
  useEffect(() => {
    const place = window.document.getElementById('page')
    if (place && quote === '' && number > 0) place.scrollTop = 0
  }, [number, quote])
  return (
    <div className="leaf">
      <section
        id="page"
        className="pagewrap"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        tabIndex={0}
        aria-label={label}
        onKeyDown={arrows}
      >
        {printed === null ? (
          <PageSheet query={page} quote={quote} />
        ) : (
          <Suspense fallback={null}>
            <PdfSheet url={printed} number={number} quote={quote} />
          </Suspense>
        )}
      </section>
      <div className="turn">
        <IconButton
          icon={ChevronLeft}
          label={t('city.previousPage')}
          disabled={number <= 1}
          onClick={() => turn(-1)}
        />
        <span className="num" role="status">
          {label}
        </span>
        <IconButton
          icon={ChevronRight}
          label={t('city.nextPage')}
          disabled={total === undefined || number >= total}
          onClick={() => turn(1)}
        />
        <span className="grow" />
        {children}
      </div>
    </div>
  )
}
