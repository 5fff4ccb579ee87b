import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { LabelledField, LabelledSelect } from '../../ui/field.tsx'

const HOUR_MS = 3_600_000
const SPANS = { hour: HOUR_MS, day: 24 * HOUR_MS, week: 168 * HOUR_MS, month: 720 * HOUR_MS } as const
type Span = keyof typeof SPANS
const NAMES: readonly Span[] = ['hour', 'day', 'week', 'month']

/** Why, and for how long. */
export function useSanctionWish() {
  const [reason, setReason] = useState('')
  const [span, setSpan] = useState<Span>('day')
  const until = () => new Date(Date.now() + SPANS[span]).toISOString()
  return { reason, setReason, span, setSpan, until }
}

interface SanctionFieldsProps {
  wish: ReturnType<typeof useSanctionWish>
  timed: boolean
}

export function SanctionFields({ wish, timed }: SanctionFieldsProps) {
  const { t } = useTranslation()
  return (
    <>
      {timed && (
        <LabelledSelect
          label={t('moderation.until')}
          value={wish.span}
          options={NAMES.map((value) => ({ value, label: t(`moderation.span.${value}`) }))}
          onChange={wish.setSpan}
        />
      )}
      <LabelledField
        label={t('moderation.why')}
        hint={t('moderation.whyHint')}
        value={wish.reason}
        maxLength={300}
        required
        onChange={(event) => wish.setReason(event.target.value)}
      />
    </>
  )
}
