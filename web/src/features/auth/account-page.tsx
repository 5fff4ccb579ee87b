import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { ChevronLeft, LogOut } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isOperator } from '../../../../src/kernel/principal.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { chooseLanguage } from '../../i18n/language.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Button } from '../../ui/button.tsx'
import { FieldError, Segmented } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { chooseTheme, themeChoice } from '../../ui/theme.ts'
import { Invitations } from './invitations.tsx'
import { Keys } from './keys.tsx'
import { Residents } from './residents.tsx'
import { useMe } from './session.ts'

/** What a resident sets for themselves; whoever runs the city finds its invitations and residents here too. */
export function AccountPage() {
  const { t } = useTranslation()
  const me = useMe()
  useEffect(() => {
    document.title = t('common.account')
  }, [t])
  return (
    <main className="main" id="talk" tabIndex={-1}>
      <header className="top">
        <Link className="ib only-phone" to="/rooms" aria-label={t('city.backToRooms')}>
          <Icon of={ChevronLeft} />
        </Link>
        <h1 className="grow">{t('common.account')}</h1>
      </header>
      <div className="scroll">
        <div className="wrapm">
          <Profile />
          <Look />
          <Keys />
          {isOperator(me) && <Invitations />}
          {isOperator(me) && <Residents />}
        </div>
      </div>
    </main>
  )
}

function Profile() {
  const { t } = useTranslation()
  const me = useMe()
  const api = useApi()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const language = useLanguage()
  const signOut = useMutation({
    mutationFn: () => api.auth.signOut({}),
    onSuccess: async () => {
      await navigate({ to: '/sign-in' })
      queries.clear()
      queries.setQueryData(['me'], null)
    },
  })
  if (!me) return null
  return (
    <section aria-labelledby="profile">
      <h2 id="profile">{t('auth.profile')}</h2>
      <div className="who">
        <Avatar of={me} />
        <div className="grow">
          <b>{me.name}</b>
          <p className="meta">
            {[me.email, t(`auth.role.${me.role}`)].filter((part) => part !== null).join(' · ')}
          </p>
        </div>
        <Button icon={LogOut} disabled={signOut.isPending} onClick={() => signOut.mutate()}>
          {t('common.signOut')}
        </Button>
      </div>
      <FieldError error={signOut.error ? sentenceOf(failureOf(signOut.error), language) : undefined} />
    </section>
  )
}

function Look() {
  const { t, i18n } = useTranslation()
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
            onChange={(chosen) => chooseLanguage(i18n, chosen)}
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
      </div>
    </section>
  )
}
