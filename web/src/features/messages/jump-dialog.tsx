import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { LabelledField } from '../../ui/field.tsx'
import { localTime } from './composer-dialogs.tsx'

interface JumpDialogProps {
  room: string
  onGo: (message: string) => void
  onClose: () => void
}

/** Goes to the first message of a day. */
export function JumpDialog({ room, onGo, onClose }: JumpDialogProps) {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const today = localTime(Date.now()).slice(0, 10)
  const [day, setDay] = useState(today)
  const jump = useMutation({
    mutationFn: async () => {
      const at = new Date(`${day}T00:00`)
      const { items } = await api.city.messages({ room, at: at.toISOString(), limit: 20 })
      return items.find(({ createdAt }) => Date.parse(createdAt) >= at.getTime())?.id ?? null
    },
    onSuccess: (found) => {
      if (found === null) return
      onGo(found)
      onClose()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (day !== '') jump.mutate()
  }
  const none = jump.data === null ? t('talk.jumpNone') : undefined
  return (
    <Dialog title={t('talk.jump')} open onClose={onClose}>
      <form className="grid gap-4" onSubmit={submit}>
        <LabelledField
          label={t('talk.jumpDay')}
          type="date"
          value={day}
          max={today}
          required
          error={jump.error ? sentenceOf(failureOf(jump.error), language) : none}
          onChange={(event) => setDay(event.target.value)}
        />
        <div className="row dlg-foot">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" look="primary" disabled={jump.isPending}>
            {t('talk.jumpDo')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
