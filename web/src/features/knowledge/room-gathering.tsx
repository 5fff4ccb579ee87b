import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { Gathers } from '../../../../src/services/knowledge/gathering.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { FieldError, LabelledSelect } from '../../ui/field.tsx'

const GATHERS: readonly Gathers[] = ['all', 'documents', 'none']

/** Which files of a room become knowledge: chosen by those who keep the room. */
export function RoomGathering({ room }: { room: string }) {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const queries = useQueryClient()
  const queryKey = ['gathering', room]
  const found = useQuery({ queryKey, queryFn: () => api.knowledge.gathering({ room }) })
  const choose = useMutation({
    mutationFn: (gathers: Gathers) => api.knowledge.setGathering({ room, gathers }),
    onSuccess: (chosen) => queries.setQueryData(queryKey, chosen),
  })
  const error = found.error ?? choose.error
  return (
    <section className="spaced" aria-labelledby="gathering">
      <h2 id="gathering">{t('knowledge.gathering')}</h2>
      <p className="meta">{t('knowledge.gatheringHint')}</p>
      {found.data && (
        <LabelledSelect
          label={t('knowledge.gathering')}
          value={found.data.gathers}
          options={GATHERS.map((value) => ({ value, label: t(`knowledge.gathers.${value}`) }))}
          onChange={(gathers) => choose.mutate(gathers)}
        />
      )}
      <FieldError error={error ? sentenceOf(failureOf(error), language) : undefined} />
    </section>
  )
}
