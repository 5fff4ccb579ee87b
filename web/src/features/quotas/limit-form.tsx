import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Quota } from '../../../../src/services/city/quotas.contract.ts'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { LabelledField } from '../../ui/field.tsx'

const GB = 1_000_000_000
const MOST_BYTES = 2 ** 50

interface LimitFormProps {
  of: Quota
  /** Null takes back what was set. */
  put: (limitBytes: number | null) => Promise<Quota>
  onPut: (quota: Quota) => void
}

/** Says how much files may take, in gigabytes, for those who run the city. */
export function LimitForm({ of: quota, put, onPut }: LimitFormProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const [typed, setTyped] = useState(quota.own ? String(quota.limitBytes / GB) : '')
  const [bad, setBad] = useState(false)
  const set = useMutation({
    mutationFn: put,
    onSuccess: (now) => {
      setTyped(now.own ? String(now.limitBytes / GB) : '')
      onPut(now)
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const bytes = gigabytes(typed)
    setBad(bytes === null)
    if (bytes !== null) set.mutate(bytes)
  }
  const failed = set.error ? sentenceOf(failureOf(set.error), language) : undefined
  return (
    <form className="quota-form" noValidate onSubmit={submit}>
      <LabelledField
        label={t('account.quotas.limit')}
        hint={t('account.quotas.limitHint')}
        inputMode="decimal"
        autoComplete="off"
        maxLength={12}
        value={typed}
        error={bad ? t('account.quotas.limitBad') : failed}
        onChange={({ currentTarget }) => setTyped(currentTarget.value)}
      />
      <Button type="submit" disabled={set.isPending}>
        {t('account.quotas.set')}
      </Button>
      {quota.own && (
        <Button look="quiet" disabled={set.isPending} onClick={() => set.mutate(null)}>
          {t('account.quotas.reset')}
        </Button>
      )}
    </form>
  )
}

/** Bytes out of gigabytes as one writes them, with a point or a comma; null for what is no size. */
export function gigabytes(typed: string): number | null {
  const text = typed.trim().replace(',', '.')
  if (!/^\d+(\.\d*)?$/.test(text)) return null
  const bytes = Math.round(Number(text) * GB)
  return bytes <= MOST_BYTES ? bytes : null
}
