import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Author } from '../../../../src/services/city/messages.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FieldError, LabelledField } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'

/** Shutting somebody out of the whole city, for those who run it. */
export function DisableButton({ of: { id, name } }: { of: Author }) {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const say = useToast()
  const [open, setOpen] = useState(false)
  const [reason, setReason] = useState('')
  const disable = useMutation({
    mutationFn: () => api.auth.changeResident({ principal: id, disabled: true, reason: reason.trim() }),
    onSuccess: () => {
      say({ text: t('moderation.disabled', { name }) })
      setOpen(false)
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (reason.trim() !== '') disable.mutate()
  }
  return (
    <>
      <Button small look="quiet" onClick={() => setOpen(true)}>
        {t('moderation.disable')}
      </Button>
      <Dialog title={t('moderation.disableTitle', { name })} open={open} onClose={() => setOpen(false)}>
        <form onSubmit={submit}>
          <p>{t('moderation.disableThen')}</p>
          <LabelledField
            label={t('moderation.why')}
            hint={t('moderation.whyHint')}
            value={reason}
            maxLength={500}
            required
            onChange={(event) => setReason(event.target.value)}
          />
          <FieldError error={disable.error ? sentenceOf(failureOf(disable.error), language) : undefined} />
          <div className="end">
            <Button look="quiet" onClick={() => setOpen(false)}>
              {t('common.cancel')}
            </Button>
            <Button look="danger" type="submit" disabled={disable.isPending || reason.trim() === ''}>
              {t('moderation.disable')}
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  )
}
