import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { PASSWORD_MIN } from '../auth/account-form.ts'
import { Gate } from '../auth/gate.tsx'
import { PasswordField } from '../auth/new-account.tsx'
import { useToken } from '../auth/use-token.ts'
import { useWait } from '../auth/use-wait.ts'
import { LinkOver, Proved } from './proof-page.tsx'

/** Whoever holds the link sets a new password. */
export function NewPasswordPage() {
  const { t } = useTranslation()
  const language = useLanguage()
  const api = useApi()
  const token = useToken('/new-password')
  const [password, setPassword] = useState('')
  const [short, setShort] = useState(false)
  const set = useMutation({ mutationFn: () => api.auth.resetPassword({ token, password }) })
  const wait = useWait(set.error)
  const failure = set.error && failureOf(set.error)
  if (set.isSuccess) return <Proved title={t('account.passwordSet')} hint={t('account.passwordSetHint')} />
  if (token === '' || failure?.code === 'auth.link_refused') return <LinkOver missing={token === ''} />
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const tooShort = [...password].length < PASSWORD_MIN
    setShort(tooShort)
    if (!tooShort) set.mutate()
  }
  const refused = failure ? sentenceOf(failure, language) : undefined
  return (
    <Gate title={t('account.forgottenTitle')} caption={t('auth.whoIsHome')}>
      <p>{t('account.newPasswordHint')}</p>
      <form noValidate onSubmit={submit}>
        <PasswordField
          label={t('account.newPassword')}
          autoComplete="new-password"
          maxLength={256}
          hint={t('auth.strength.empty')}
          value={password}
          onChange={({ currentTarget }) => setPassword(currentTarget.value)}
          error={wait ?? (short ? t('auth.fault.passwordShort', { count: PASSWORD_MIN }) : refused)}
        />
        <Button look="primary" type="submit" disabled={set.isPending || wait !== undefined}>
          {t('account.setPassword')}
        </Button>
      </form>
    </Gate>
  )
}
