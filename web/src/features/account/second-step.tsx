import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Me } from '../../../../src/services/auth/door.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { LabelledField } from '../../ui/field.tsx'
import { Gate } from '../auth/gate.tsx'
import { useWait } from '../auth/use-wait.ts'

interface SecondStepProps {
  ticket: string
  onBack: () => void
  onEnter: (me: Me) => void
}

/** After the right password: the code of an authenticator, or a recovery code. */
export function SecondStep({ ticket, onBack, onEnter }: SecondStepProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const api = useApi()
  const [code, setCode] = useState('')
  const [missing, setMissing] = useState(false)
  const step = useMutation({
    mutationFn: () => api.auth.signInTotp({ ticket, code }),
    onSuccess: onEnter,
  })
  const wait = useWait(step.error)
  const refused = step.error && !wait ? sentenceOf(failureOf(step.error), language) : undefined
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setMissing(code.trim() === '')
    if (code.trim() !== '') step.mutate()
  }
  return (
    <Gate title={t('account.stepTitle')} caption={t('auth.whoIsHome')}>
      <p>{t('account.stepHint')}</p>
      <form noValidate onSubmit={submit}>
        <LabelledField
          label={t('account.stepCode')}
          // The page has just changed under the person who typed; they go on typing.
          ref={(input) => input?.focus()}
          autoComplete="one-time-code"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={40}
          value={code}
          onChange={({ currentTarget }) => setCode(currentTarget.value)}
          error={wait ?? (missing ? t('account.codeMissing') : refused)}
        />
        <Button look="primary" type="submit" disabled={step.isPending || wait !== undefined}>
          {t('account.stepGo')}
        </Button>
        <Button look="quiet" onClick={onBack}>
          {t('account.stepBack')}
        </Button>
      </form>
    </Gate>
  )
}
