import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Archive } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { ExportFormat } from '../../../../src/services/city/transfers.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError, LabelledSelect } from '../../ui/field.tsx'
import { EXPORTS, ExportList } from './export-list.tsx'

/** Taking a whole room along, for those who keep it. */
export function RoomExport({ room }: { room: Room }) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const [format, setFormat] = useState<ExportFormat>('html')
  const ask = useMutation({
    mutationFn: () => api.city.openExport({ what: 'room', room: room.id, format }),
    onSettled: () => queries.invalidateQueries({ queryKey: EXPORTS }),
  })
  return (
    <section aria-labelledby="export">
      <h2 id="export">{t('account.transfers.room')}</h2>
      <p className="meta">{t('account.transfers.roomHint')}</p>
      <LabelledSelect
        label={t('account.transfers.formatLabel')}
        value={format}
        onChange={setFormat}
        options={ExportFormat.options.map((value) => ({
          value,
          label: t(`account.transfers.format.${value}`),
        }))}
      />
      <div className="after">
        <Button icon={Archive} disabled={ask.isPending} onClick={() => ask.mutate()}>
          {t('account.transfers.roomDo')}
        </Button>
      </div>
      <FieldError error={ask.error ? sentenceOf(failureOf(ask.error), language) : undefined} />
      <ExportList room={room.id} />
    </section>
  )
}
