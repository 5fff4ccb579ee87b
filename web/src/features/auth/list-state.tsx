import { CircleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { useAfter } from '../../ui/states.tsx'

interface ListStateProps {
  query: { data: readonly unknown[] | undefined; error: unknown; refetch: () => unknown }
  empty: string
}

/** A list that is not there yet, could not be had, or has nothing in it. */
export function ListState({ query, empty }: ListStateProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const late = useAfter(300)
  if (query.data) return query.data.length === 0 ? <p className="meta after">{empty}</p> : null
  if (!query.error)
    return late ? (
      <div className="grid gap-3 after" aria-hidden="true">
        <i className="sk" style={{ width: '60%' }} />
        <i className="sk" style={{ width: '45%' }} />
      </div>
    ) : null
  return (
    <div className="after">
      <p className="fail">
        <Icon of={CircleAlert} size="s" />
        <span>{sentenceOf(failureOf(query.error), language)}</span>
      </p>
      <Button small onClick={() => void query.refetch()}>
        {t('common.retry')}
      </Button>
    </div>
  )
}
