import { useMutation, useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat, useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FieldError, LabelledField } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useRooms } from '../city/city-context.tsx'
import { useTalk } from '../city/talk-context.tsx'
import { ReportDialog, RestrictDialog } from '../moderation/report-dialog.tsx'
import type { OpenDialog } from './use-acts.ts'

interface DialogsProps {
  message: Message
  open: OpenDialog
  onClose: () => void
}

/** The dialogs of one message: its history, where to forward it, why to remove it. */
export function MessageDialogs({ message, open, onClose }: DialogsProps) {
  if (open === 'history') return <History message={message} onClose={onClose} />
  if (open === 'forward') return <ForwardTo message={message} onClose={onClose} />
  if (open === 'remove') return <Remove message={message} onClose={onClose} />
  if (open === 'report')
    return <ReportDialog about={{ message: message.id }} name={message.author.name} onClose={onClose} />
  if (open === 'restrict') return <RestrictDialog message={message} onClose={onClose} />
  return null
}

type Part = Omit<DialogsProps, 'open'>

function History({ message, onClose }: Part) {
  const { t } = useTranslation()
  const api = useApi()
  const format = useFormat()
  const language = useLanguage()
  const history = useQuery({
    queryKey: ['history', message.id, message.editedAt],
    queryFn: () => api.city.history({ message: message.id }),
  })
  const items = history.data?.items ?? []
  return (
    <Dialog title={t('talk.history')} open onClose={onClose}>
      <p className="meta">{t('talk.historyHint')}</p>
      <FieldError error={history.error ? sentenceOf(failureOf(history.error), language) : undefined} />
      <ol className="versions">
        {items.map(({ text, at }, i) => (
          <li key={at}>
            <div className="meta">
              {format.moment(at)}
              {i === 0 && ` · ${t('talk.historyFirst')}`}
            </div>
            <div className="diff">{i === items.length - 1 ? <ins>{text}</ins> : <del>{text}</del>}</div>
          </li>
        ))}
      </ol>
      <div className="row dlg-foot">
        <Button onClick={onClose}>{t('common.close')}</Button>
      </div>
    </Dialog>
  )
}

function ForwardTo({ message, onClose }: Part) {
  const { t } = useTranslation()
  const api = useApi()
  const say = useToast()
  const language = useLanguage()
  const rooms = useRooms()
  const [written, setWritten] = useState('')
  const [clientIds] = useState(() => new Map<string, string>())
  const forward = useMutation({
    mutationFn: async (room: { id: string; name: string }) => {
      // Chosen once for each room, so that a second press says it once.
      const clientId = clientIds.get(room.id) ?? `fwd:${message.id}:${Date.now()}`
      clientIds.set(room.id, clientId)
      await api.city.forward({ message: message.id, room: room.id, clientId })
      return room.name
    },
    onSuccess: (room) => {
      say({ text: t('talk.forwarded', { room }) })
      onClose()
    },
  })
  const start = written.trim().toLowerCase()
  const open = (rooms.data ?? []).filter(
    ({ name, archivedAt, membership }) =>
      archivedAt === null && membership !== 'guest' && name.toLowerCase().includes(start),
  )
  return (
    <Dialog title={t('talk.forwardTitle')} open onClose={onClose}>
      <LabelledField
        label={t('talk.forwardFind')}
        value={written}
        onChange={(event) => setWritten(event.target.value)}
      />
      <div className="menu pick-room">
        {open.map((room) => (
          <button
            key={room.id}
            type="button"
            disabled={forward.isPending}
            onClick={() => forward.mutate(room)}
          >
            <span className="trim">{room.name}</span>
          </button>
        ))}
        {open.length === 0 && <p className="meta">{t('talk.forwardNone')}</p>}
      </div>
      <FieldError error={forward.error ? sentenceOf(failureOf(forward.error), language) : undefined} />
      <div className="row dlg-foot">
        <Button onClick={onClose}>{t('common.cancel')}</Button>
      </div>
    </Dialog>
  )
}

function Remove({ message, onClose }: Part) {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const talk = useTalk()
  const [reason, setReason] = useState('')
  const remove = useMutation({
    mutationFn: () => api.city.remove({ message: message.id, reason: reason.trim() }),
    onSuccess: (gone) => {
      talk.put(gone)
      onClose()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (reason.trim() !== '') remove.mutate()
  }
  return (
    <Dialog title={t('talk.removeTitle', { name: message.author.name })} open onClose={onClose}>
      <form className="grid gap-4" onSubmit={submit}>
        <LabelledField
          label={t('talk.removeWhy')}
          hint={t('talk.removeHint')}
          value={reason}
          maxLength={300}
          required
          error={remove.error ? sentenceOf(failureOf(remove.error), language) : undefined}
          onChange={(event) => setReason(event.target.value)}
        />
        <div className="row dlg-foot">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" look="danger" disabled={remove.isPending || reason.trim() === ''}>
            {t('talk.removeDo')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
