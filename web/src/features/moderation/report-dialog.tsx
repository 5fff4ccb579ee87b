import './moderation.css'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import { ReportReason } from '../../../../src/services/city/moderation.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Choice, FieldError } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'
import { SanctionFields, useSanctionWish } from './sanction-fields.tsx'
import { WordsField } from './words-field.tsx'

interface ReportDialogProps {
  about: { readonly message: string } | { readonly person: string }
  name: string
  onClose: () => void
}

interface MessageDialogProps {
  message: Message
  onClose: () => void
}

/** Telling the moderators of a message, or those who run the city of a person. */
export function ReportDialog({ about, name, onClose }: ReportDialogProps) {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const say = useToast()
  const [reason, setReason] = useState<ReportReason>('spam')
  const [words, setWords] = useState('')
  const person = 'person' in about
  const send = useMutation({
    mutationFn: () => api.city.report({ ...about, reason, words }),
    onSuccess: () => {
      say({ text: t('moderation.reported') })
      onClose()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    send.mutate()
  }
  return (
    <Dialog
      title={t(person ? 'moderation.reportPersonTitle' : 'moderation.reportTitle', { name })}
      open
      onClose={onClose}
    >
      <form onSubmit={submit}>
        <Choice
          label={t('moderation.why')}
          value={reason}
          onChange={setReason}
          options={ReportReason.options.map((value) => ({ value, label: t(`moderation.reason.${value}`) }))}
        />
        <WordsField
          label={t('moderation.reportWords')}
          hint={t(person ? 'moderation.reportPersonHint' : 'moderation.reportHint', { name })}
          value={words}
          onChange={setWords}
        />
        <FieldError error={send.error ? sentenceOf(failureOf(send.error), language) : undefined} />
        <div className="end">
          <Button look="quiet" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button look="primary" type="submit" disabled={send.isPending}>
            {t('moderation.reportDo')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** Muting the author of a message in its room, or putting them out of it. */
export function RestrictDialog({ message, onClose }: MessageDialogProps) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const say = useToast()
  const wish = useSanctionWish()
  const [how, setHow] = useState<'mute' | 'ban'>('mute')
  const { id: principal, name } = message.author
  const restrict = useMutation({
    mutationFn: () => {
      const { reason } = wish
      const asked = { room: message.room, principal, reason }
      return how === 'ban' ? api.city.ban(asked) : api.city.mute({ ...asked, until: wish.until() })
    },
    onSuccess: async () => {
      say({ text: t(how === 'ban' ? 'moderation.banned' : 'moderation.muted', { name }) })
      await queries.invalidateQueries({ queryKey: ['sanctions', message.room] })
      onClose()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (wish.reason.trim() !== '') restrict.mutate()
  }
  return (
    <Dialog title={t('moderation.restrictTitle', { name })} open onClose={onClose}>
      <form onSubmit={submit}>
        <Choice
          label={t('moderation.how')}
          value={how}
          onChange={setHow}
          options={[
            { value: 'mute', label: t('moderation.howMute') },
            { value: 'ban', label: t('moderation.howBan') },
          ]}
        />
        <SanctionFields wish={wish} timed={how === 'mute'} />
        <FieldError error={restrict.error ? sentenceOf(failureOf(restrict.error), language) : undefined} />
        <div className="end">
          <Button look="quiet" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button look="danger" type="submit" disabled={restrict.isPending || wish.reason.trim() === ''}>
            {t(how === 'ban' ? 'moderation.act.banned' : 'moderation.act.muted')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
