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
  const api = useApi()
  const token = useToken('/new-password')
  return (
    <PasswordByLink
      token={token}
      words={{
        title: t('account.forgottenTitle'),
        about: t('account.newPasswordHint'),
        label: t('account.newPassword'),
        act: t('account.setPassword'),
        done: t('account.passwordSet'),
        doneHint: t('account.passwordSetHint'),
      }}
      set={(password) => api.auth.resetPassword({ token, password })}
    />
  )
}

/** The mailed link that makes the account of a sign-up: the address is proved, so the password is its holder's. */
export function ConfirmPage() {
  const { t } = useTranslation()
  const api = useApi()
  const token = useToken('/confirm')
  return (
    <PasswordByLink
      token={token}
      words={{
        title: t('account.choosePassword'),
        about: t('account.choosePasswordHint'),
        label: t('auth.password'),
        act: t('account.makeAccount'),
        done: t('account.accountMade'),
        doneHint: t('account.accountMadeHint'),
      }}
      set={(password) => api.auth.confirmSignUp({ token, password })}
    />
  )
}

interface PasswordByLinkProps {
  token: string
  words: Readonly<Record<'title' | 'about' | 'label' | 'act' | 'done' | 'doneHint', string>>
  set: (password: string) => Promise<unknown>
}

function PasswordByLink({ token, words, set: setIt }: PasswordByLinkProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const [password, setPassword] = useState('')
  const [short, setShort] = useState(false)
  const set = useMutation({ mutationFn: () => setIt(password) })
  const wait = useWait(set.error)
  const failure = set.error && failureOf(set.error)
  if (set.isSuccess) return <Proved title={words.done} hint={words.doneHint} />
  if (token === '' || failure?.kind === 'forbidden') return <LinkOver missing={token === ''} />
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const tooShort = [...password].length < PASSWORD_MIN
    setShort(tooShort)
    if (!tooShort) set.mutate()
  }
  const refused = failure ? sentenceOf(failure, language) : undefined
  return (
    <Gate title={words.title} caption={t('auth.whoIsHome')}>
      <p>{words.about}</p>
      <form noValidate onSubmit={submit}>
        <PasswordField
          label={words.label}
          autoComplete="new-password"
          maxLength={256}
          hint={t('auth.strength.empty')}
          value={password}
          onChange={({ currentTarget }) => setPassword(currentTarget.value)}
          error={wait ?? (short ? t('auth.fault.passwordShort', { count: PASSWORD_MIN }) : refused)}
        />
        <Button look="primary" type="submit" disabled={set.isPending || wait !== undefined}>
          {words.act}
        </Button>
      </form>
    </Gate>
  )
}
