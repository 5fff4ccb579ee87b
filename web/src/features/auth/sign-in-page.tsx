import { useMutation } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { Info } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { LabelledField } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Gate, useDoor } from './gate.tsx'
import { PasswordField } from './new-account.tsx'
import { pathInside, useEnter } from './use-enter.ts'
import { useWait } from './use-wait.ts'

/** The door for those who have an account; it leads to where they were going. */
export function SignInPage() {
  const { t } = useTranslation()
  const api = useApi()
  const enter = useEnter()
  const door = useDoor()
  const language = useLanguage()
  const { to } = useSearch({ from: '/sign-in' })
  const [missing, setMissing] = useState(false)
  const signIn = useMutation({
    mutationFn: (input: { email: string; password: string }) => api.auth.signIn(input),
    onSuccess: (me) => enter(me, pathInside(to, location.origin)),
  })
  const wait = useWait(signIn.error)
  const failure = signIn.error && failureOf(signIn.error)
  const refused = failure && failure.kind !== 'rate_limited' ? sentenceOf(failure, language) : undefined
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const input = { email: String(form.get('email')).trim(), password: String(form.get('password')) }
    setMissing(input.email === '' || input.password === '')
    if (input.email !== '' && input.password !== '') signIn.mutate(input)
  }
  return (
    <Gate title={t('auth.enterCity')} caption={t('auth.whoIsHome')}>
      {door.data?.owned === false && <p>{t('auth.noLink')}</p>}
      <form noValidate onSubmit={submit}>
        <LabelledField
          label={t('auth.email')}
          name="email"
          type="email"
          autoComplete="username"
          maxLength={254}
          required
        />
        <PasswordField
          label={t('auth.password')}
          name="password"
          autoComplete="current-password"
          maxLength={256}
          required
          error={wait ?? (missing ? t('auth.fault.bothMissing') : refused)}
        />
        <Button look="primary" type="submit" disabled={signIn.isPending || wait !== undefined}>
          {t('auth.signIn')}
        </Button>
        <p className="aside">
          <Icon of={Info} />
          <span>{t('auth.noMail')}</span>
        </p>
      </form>
    </Gate>
  )
}
