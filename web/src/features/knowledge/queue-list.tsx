import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError } from '../../ui/field.tsx'

const REFRESH_MS = 5_000
const QUEUE = ['knowledge-queue']

/** For operators: what waits to be read and what failed, with the reason and without names. */
export function QueueList() {
  const { t } = useTranslation()
  const api = useApi()
  const format = useFormat()
  const queries = useQueryClient()
  const found = useQuery({
    queryKey: QUEUE,
    queryFn: () => api.knowledge.queue({ limit: 50 }),
    refetchInterval: REFRESH_MS,
  })
  const retry = useMutation({
    mutationFn: (document: string) => api.knowledge.retryQueued({ document }),
    onSuccess: () => queries.invalidateQueries({ queryKey: QUEUE }),
  })
  const { data } = found
  return (
    <section aria-labelledby="queue">
      <h2 id="queue">{t('knowledge.queue')}</h2>
      {data && (
        <p className="meta">{t('knowledge.queueCounts', { waiting: data.waiting, failed: data.failed })}</p>
      )}
      <FieldError error={retry.error ? sentenceOf(failureOf(retry.error), format.language) : undefined} />
      <ul className="klist">
        {data?.items.map((one) => (
          <li key={one.document}>
            <span className="grow">
              <span>
                {one.mime} · {format.bytes(one.sizeBytes)}
              </span>
              <span className={one.error ? 'fail' : 'meta'}>
                {one.error
                  ? sentenceOf(one.error, format.language)
                  : t('knowledge.sourcePages', { done: one.pages.done, total: one.pages.total ?? 0 })}
              </span>
            </span>
            {one.state === 'failed' && (
              <Button small disabled={retry.isPending} onClick={() => retry.mutate(one.document)}>
                {t('knowledge.readAgain')}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}
