import { type FormEvent, type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError } from '../../ui/field.tsx'
import { PasswordField } from '../auth/new-account.tsx'
import { useWait } from '../auth/use-wait.ts'

interface ConfirmFormProps {
  act: string
  danger?: boolean
  busy: boolean
  error: unknown
  onConfirm: (password: string) => void
  onClose: () => void
  children?: ReactNode
}

/** Asks for one's password before something that guards the account changes. */
export function ConfirmForm(props: ConfirmFormProps) {
  const { act, danger, busy, error, onConfirm, onClose, children } = props
  const { t } = useTranslation()
  const language = useLanguage()
  const [password, setPassword] = useState('')
  const wait = useWait(error)
  const failure = error ? failureOf(error) : null
  const sentence = wait ?? (failure ? sentenceOf(failure, language) : undefined)
  const atField = failure?.code === 'auth.wrong_password' && !wait
  return (
    <form
      className="step"
      noValidate
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        if (password !== '') onConfirm(password)
      }}
    >
      {children}
      <PasswordField
        label={t('account.yourPassword')}
        autoComplete="current-password"
        maxLength={256}
        value={password}
        onChange={({ currentTarget }) => setPassword(currentTarget.value)}
        error={atField ? sentence : undefined}
      />
      <FieldError error={atField ? undefined : sentence} />
      <div className="end">
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        <Button
          look={danger ? 'danger' : 'primary'}
          type="submit"
          disabled={busy || password === '' || wait !== undefined}
        >
          {act}
        </Button>
      </div>
    </form>
  )
}
