import { useMutation } from '@tanstack/react-query'
import { RectangleEllipsis } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FieldError } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { useToast } from '../../ui/toast.tsx'
import { PASSWORD_MIN } from '../auth/account-form.ts'
import { PasswordField } from '../auth/new-account.tsx'
import { useWait } from '../auth/use-wait.ts'
import { useRefreshSecurity } from './use-security.ts'

export function PasswordRow({ changedAt }: { changedAt: string | null }) {
  const { t } = useTranslation()
  const format = useFormat()
  const [open, setOpen] = useState(false)
  return (
    <div className="set">
      <b className="ic">
        <Icon of={RectangleEllipsis} />
        {t('account.password')}
      </b>
      {changedAt && (
        <span className="meta">{t('account.passwordChanged', { when: format.moment(changedAt) })}</span>
      )}
      <Button small aria-label={t('account.changePassword')} onClick={() => setOpen(true)}>
        {t('account.change')}
      </Button>
      <Dialog title={t('account.changePassword')} open={open} onClose={() => setOpen(false)}>
        <ChangePassword onClose={() => setOpen(false)} />
      </Dialog>
    </div>
  )
}

function ChangePassword({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const { language } = useFormat()
  const api = useApi()
  const say = useToast()
  const refresh = useRefreshSecurity()
  const [old, setOld] = useState('')
  const [password, setPassword] = useState('')
  const [short, setShort] = useState(false)
  const change = useMutation({
    mutationFn: () => api.auth.changePassword({ old, password }),
    onSuccess: async () => {
      onClose()
      say({ text: t('account.passwordDone') })
      await refresh()
    },
  })
  const wait = useWait(change.error)
  const failure = change.error && failureOf(change.error)
  const sentence = wait ?? (failure ? sentenceOf(failure, language) : undefined)
  const wrong = failure?.code === 'auth.wrong_password' && !wait
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const tooShort = [...password].length < PASSWORD_MIN
    setShort(tooShort)
    if (!tooShort && old !== '') change.mutate()
  }
  return (
    <form className="step" noValidate onSubmit={submit}>
      <p className="meta">{t('account.changeThen')}</p>
      <PasswordField
        label={t('account.oldPassword')}
        autoComplete="current-password"
        maxLength={256}
        value={old}
        onChange={({ currentTarget }) => setOld(currentTarget.value)}
        error={wrong ? sentence : undefined}
      />
      <PasswordField
        label={t('account.newPassword')}
        autoComplete="new-password"
        maxLength={256}
        hint={t('auth.strength.empty')}
        value={password}
        onChange={({ currentTarget }) => setPassword(currentTarget.value)}
        error={short ? t('auth.fault.passwordShort', { count: PASSWORD_MIN }) : undefined}
      />
      <FieldError error={wrong ? undefined : sentence} />
      <div className="end">
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        <Button look="primary" type="submit" disabled={change.isPending || old === '' || wait !== undefined}>
          {t('account.changePassword')}
        </Button>
      </div>
    </form>
  )
}
