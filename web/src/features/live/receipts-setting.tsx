import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { FieldError, Segmented } from '../../ui/field.tsx'

const queryKey = ['live-settings'] as const

/** Whether others see how far one has read. */
export function ReceiptsSetting() {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const settings = useQuery({ queryKey, queryFn: () => api.city.liveSettings({}) })
  const change = useMutation({
    mutationFn: (readReceipts: boolean) => api.city.changeLiveSettings({ readReceipts }),
    onSuccess: (now) => queries.setQueryData(queryKey, now),
  })
  if (!settings.data) return null
  return (
    <div className="set">
      <b>{t('live.receipts')}</b>
      <span className="meta">{t('live.receiptsHint')}</span>
      <Segmented
        label={t('live.receipts')}
        value={settings.data.readReceipts ? 'shown' : 'hidden'}
        options={[
          { value: 'shown', label: t('live.shown') },
          { value: 'hidden', label: t('live.hidden') },
        ]}
        onChange={(chosen) => change.mutate(chosen === 'shown')}
      />
      <FieldError error={change.error ? sentenceOf(failureOf(change.error), language) : undefined} />
    </div>
  )
}
