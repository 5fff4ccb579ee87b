import { useTranslation } from 'react-i18next'
import type { ReplyPolicy } from '../../../../src/services/city/rooms.contract.ts'
import { Choice } from '../../ui/field.tsx'

interface PolicyChoiceProps {
  value: ReplyPolicy['mode']
  onChange: (mode: ReplyPolicy['mode']) => void
  disabled?: boolean
}

/** When the city's agent answers in a room. */
export function PolicyChoice({ value, onChange, disabled = false }: PolicyChoiceProps) {
  const { t } = useTranslation()
  const options = [
    { value: 'mentioned', label: t('city.policyChoice.mentioned'), hint: t('city.policyHint.mentioned') },
    { value: 'all', label: t('city.policyChoice.all') },
    { value: 'off', label: t('city.policyChoice.off') },
  ] as const
  return (
    <Choice
      label={t('city.whenAgents')}
      value={value}
      onChange={onChange}
      disabled={disabled}
      options={options}
    />
  )
}
