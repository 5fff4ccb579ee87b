import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Info } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { LabelledField } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Gate } from '../auth/gate.tsx'
import { useWait } from '../auth/use-wait.ts'

/** Asks for a link to a new password; the answer is the same whether the address lives here or not. */
export function ForgottenPage() {
  const { t } = useTranslation()
  const language = useLanguage()
  const api = useApi()
  const [email, setEmail] = useState('')
  const [missing, setMissing] = useState(false)
  const ask = useMutation({ mutationFn: () => api.auth.forgotten({ email: email.trim() }) })
  const wait = useWait(ask.error)
  const refused = ask.error && !wait ? sentenceOf(failureOf(ask.error), language) : undefined
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setMissing(email.trim() === '')
    if (email.trim() !== '') ask.mutate()
  }
  return (
    <Gate title={t('account.forgottenTitle')} caption={t('auth.whoIsHome')}>
      {ask.data ? (
        <div className="stack">
          <p className="aside" role="status">
            <Icon of={Info} />
            <span>{t(ask.data.by === 'mail' ? 'account.sentMail' : 'account.sentAdmin')}</span>
          </p>
          <Link className="btn" to="/sign-in">
            {t('auth.signIn')}
          </Link>
        </div>
      ) : (
        <form noValidate onSubmit={submit}>
          <LabelledField
            label={t('auth.email')}
            hint={t('account.forgottenHint')}
            type="email"
            autoComplete="username"
            maxLength={254}
            value={email}
            onChange={({ currentTarget }) => setEmail(currentTarget.value)}
            error={wait ?? (missing ? t('auth.fault.emailMissing') : refused)}
          />
          <Button look="primary" type="submit" disabled={ask.isPending || wait !== undefined}>
            {t('account.askLink')}
          </Button>
          <Link className="lnk" to="/sign-in">
            {t('auth.signIn')}
          </Link>
        </form>
      )}
    </Gate>
  )
}
