import { keepPreviousData, type QueryKey, useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { failureOf, sentenceOf } from '../i18n/failures.ts'
import { useLanguage } from '../i18n/format.ts'
import { Button } from './button.tsx'
import { FieldError } from './field.tsx'

interface Page {
  readonly items: readonly unknown[]
  readonly next?: string | undefined
}

interface Asked<P extends Page> {
  readonly queryKey: QueryKey
  /** Fetches the page at a cursor; the first one at none. */
  page(at: string | undefined, signal: AbortSignal): Promise<P>
  /** What was found before stays in sight while something else is asked for. */
  readonly keep?: boolean
  readonly staleTime?: number
  readonly refetchInterval?: number
}

/** A list that the city gives by pages: what came so far, and `More` for the rest. */
export function usePages<P extends Page>({ queryKey, page, keep = false, ...rest }: Asked<P>) {
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }): Promise<P> => page(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
    ...(keep && { placeholderData: keepPreviousData }),
    ...rest,
  })
  const items: P['items'][number][] | undefined = query.data?.pages.flatMap((one) => one.items)
  return { ...query, items, first: query.data?.pages[0] }
}

interface MoreProps {
  of: {
    hasNextPage: boolean
    isFetchingNextPage: boolean
    isFetchNextPageError: boolean
    error: unknown
    fetchNextPage: () => unknown
  }
}

/** The button under a list of which more can be had; it says so where more did not come. */
export function More({ of: pages }: MoreProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  if (!pages.hasNextPage) return null
  const failed = pages.isFetchNextPageError && pages.error
  return (
    <div className="after">
      <FieldError error={failed ? sentenceOf(failureOf(failed), language) : undefined} />
      <Button small disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
        {t('common.more')}
      </Button>
    </div>
  )
}
