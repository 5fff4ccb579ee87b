import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { isOperator } from '../../../../src/kernel/principal.ts'
import { Forbidden } from '../../ui/states.tsx'
import { SettingsFrame } from '../account/settings-frame.tsx'
import { useMe } from '../auth/session.ts'

/** A page of the settings for those who run the city; the others are told so. */
export function OperatorsOnly({ title, children }: { title: string; children: ReactNode }) {
  const { t } = useTranslation()
  const me = useMe()
  if (isOperator(me)) return <SettingsFrame title={title}>{children}</SettingsFrame>
  return (
    <SettingsFrame title={title}>
      <Forbidden title={t('city.nothingHere')}>
        <p>{t('rights.forbidden')}</p>
      </Forbidden>
    </SettingsFrame>
  )
}
