import { useMutation, useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { LabelledField } from '../../ui/field.tsx'
import { CopyLine } from '../../ui/key-once.tsx'
import { useWait } from '../auth/use-wait.ts'
import { ConfirmForm } from './confirm-form.tsx'

interface TurnOnProps {
  onClose: () => void
  onDone: (recoveryCodes: readonly string[]) => void
}

/** The password, then the picture for the authenticator, then its first code. */
export function TurnOn({ onClose, onDone }: TurnOnProps) {
  const { t } = useTranslation()
  const api = useApi()
  const begin = useMutation({ mutationFn: (password: string) => api.auth.beginTotp({ password }) })
  if (begin.data) return <FirstCode made={begin.data} onClose={onClose} onDone={onDone} />
  return (
    <ConfirmForm
      act={t('account.next')}
      busy={begin.isPending}
      error={begin.error}
      onConfirm={begin.mutate}
      onClose={onClose}
    >
      <p>{t('account.totpHint')}</p>
    </ConfirmForm>
  )
}

function FirstCode({ made, onClose, onDone }: TurnOnProps & { made: { secret: string; uri: string } }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const api = useApi()
  const [code, setCode] = useState('')
  const confirm = useMutation({
    mutationFn: () => api.auth.confirmTotp({ code }),
    onSuccess: ({ recoveryCodes }) => onDone(recoveryCodes),
  })
  const wait = useWait(confirm.error)
  const sentence = wait ?? (confirm.error ? sentenceOf(failureOf(confirm.error), language) : undefined)
  return (
    <form
      className="step"
      noValidate
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        if (code.trim() !== '') confirm.mutate()
      }}
    >
      <p>{t('account.scan')}</p>
      <Qr text={made.uri} />
      <div className="lf">
        <span className="lb">{t('account.byHand')}</span>
        <CopyLine text={made.secret} words={t('auth.copyWords', { returnObjects: true })} />
      </div>
      <LabelledField
        label={t('account.code')}
        hint={t('account.codeHint')}
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={7}
        value={code}
        onChange={({ currentTarget }) => setCode(currentTarget.value)}
        error={sentence}
      />
      <div className="end">
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        <Button look="primary" type="submit" disabled={confirm.isPending || wait !== undefined}>
          {t('account.turnOn')}
        </Button>
      </div>
    </form>
  )
}

/** A QR as one path. The library is read when the picture is first needed. */
function Qr({ text }: { text: string }) {
  const { t } = useTranslation()
  const code = useQuery({
    queryKey: ['qr', text],
    gcTime: 0,
    queryFn: async () => {
      const { encode } = await import('uqr')
      const { data, size } = encode(text, { ecc: 'M', border: 2 })
      const dark = data.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${x} ${y}h1v1h-1z`] : [])))
      return { size, path: dark.join('') }
    },
  })
  if (!code.data) return null
  const { size, path } = code.data
  return (
    <div className="qr">
      <svg
        viewBox={`0 0 ${size} ${size}`}
        role="img"
        aria-label={t('account.qr')}
        shapeRendering="crispEdges"
      >
        <path d={path} fill="currentColor" />
      </svg>
    </div>
  )
}
