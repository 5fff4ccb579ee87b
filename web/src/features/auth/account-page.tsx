import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isOperator } from '../../../../src/kernel/principal.ts'
import { useApi } from '../../context.tsx'
import { useLanguage } from '../../i18n/format.ts'
import { chooseLanguage } from '../../i18n/language.ts'
import { Segmented } from '../../ui/field.tsx'
import { chooseTheme, themeChoice } from '../../ui/theme.ts'
import { Profile } from '../account/profile.tsx'
import { SettingsFrame } from '../account/settings-frame.tsx'
import { ForgottenPasswords, WaitingPeople } from '../account/waiting.tsx'
import { ReceiptsSetting } from '../live/receipts-setting.tsx'
import { Invitations } from './invitations.tsx'
import { Keys } from './keys.tsx'
import { Residents } from './residents.tsx'
import { useMe } from './session.ts'

/** What a resident sets for themselves; whoever runs the city finds its invitations and residents here too. */
export function AccountPage() {
  const { t } = useTranslation()
  const me = useMe()
  return (
    <SettingsFrame title={t('common.account')}>
      <Profile />
      <Look />
      <Keys />
      {isOperator(me) && <WaitingPeople />}
      {isOperator(me) && <ForgottenPasswords />}
      {isOperator(me) && <Invitations />}
      {isOperator(me) && <Residents />}
    </SettingsFrame>
  )
}

function Look() {
  const { t, i18n } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const [theme, setTheme] = useState(themeChoice)
  return (
    <section aria-labelledby="look">
      <h2 id="look">{t('auth.look')}</h2>
      <div className="rows">
        <div className="set">
          <b>{t('auth.language')}</b>
          <span className="meta">{t('auth.languageHint')}</span>
          <Segmented
            label={t('auth.language')}
            value={language}
            options={[
              { value: 'uk', label: 'Українська', lang: 'uk' },
              { value: 'en', label: 'English', lang: 'en' },
            ]}
            onChange={(chosen) => {
              chooseLanguage(i18n, chosen)
              // Its letters follow; where that fails, the page speaks it all the same.
              api.auth.changeMe({ locale: chosen }).catch(() => undefined)
            }}
          />
        </div>
        <div className="set">
          <b>{t('auth.theme')}</b>
          <span className="meta">{t('auth.themeHint')}</span>
          <Segmented
            label={t('auth.theme')}
            value={theme}
            options={[
              { value: 'system', label: t('auth.themes.system') },
              { value: 'light', label: t('auth.themes.light') },
              { value: 'dark', label: t('auth.themes.dark') },
            ]}
            onChange={(chosen) => {
              chooseTheme(chosen)
              setTheme(chosen)
            }}
          />
        </div>
        <ReceiptsSetting />
      </div>
    </section>
  )
}
