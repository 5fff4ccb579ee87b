import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ListedRoom } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FieldError, LabelledField } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'
import { ROOMS } from '../city/city.ts'

export const DIRECTORY = ['directory'] as const

/** The way into a room that was found: open it, join it, ask, or take the asking back. */
export function RoomDoor({ room }: { room: ListedRoom }) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const language = useLanguage()
  const say = useToast()
  const [asking, setAsking] = useState(false)
  const told = async (text: string) => {
    say({ text })
    await queries.invalidateQueries({ queryKey: DIRECTORY })
  }
  const failed = (cause: unknown) => say({ text: sentenceOf(failureOf(cause), language) })
  const join = useMutation({
    mutationFn: () => api.city.askToJoin({ room: room.id }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ROOMS })
      await navigate({ to: '/rooms/$room', params: { room: room.slug } })
      await told(t('rooms.joined', { room: room.name }))
    },
    onError: failed,
  })
  const withdraw = useMutation({
    mutationFn: () => api.city.withdrawRequest({ room: room.id }),
    onSuccess: () => told(t('rooms.withdrawn')),
    onError: failed,
  })
  if (room.membership !== null || (room.visibility === 'public' && room.archivedAt !== null))
    return (
      <Link className="btn btn-s" to="/rooms/$room" params={{ room: room.slug }}>
        {t('rooms.open')}
        <span className="vh"> {room.name}</span>
      </Link>
    )
  if (room.visibility === 'public')
    return (
      <Button small disabled={join.isPending} onClick={() => join.mutate()}>
        {t('rooms.join')}
        <span className="vh"> {room.name}</span>
      </Button>
    )
  if (room.archivedAt !== null) return null
  if (room.asked)
    return (
      <>
        <span className="meta">{t('rooms.asked')}</span>
        <Button small look="quiet" disabled={withdraw.isPending} onClick={() => withdraw.mutate()}>
          {t('rooms.withdraw')}
        </Button>
      </>
    )
  return (
    <>
      <Button small onClick={() => setAsking(true)}>
        {t('rooms.ask')}
        <span className="vh"> {room.name}</span>
      </Button>
      <Dialog title={t('rooms.askTitle', { room: room.name })} open={asking} onClose={() => setAsking(false)}>
        <AskForm
          room={room.id}
          onClose={() => setAsking(false)}
          onAsked={() => {
            setAsking(false)
            void told(t('rooms.askSent'))
          }}
        />
      </Dialog>
    </>
  )
}

interface AskFormProps {
  room: string
  onClose: () => void
  onAsked: () => void
}

function AskForm({ room, onClose, onAsked }: AskFormProps) {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const [note, setNote] = useState('')
  const ask = useMutation({ mutationFn: () => api.city.askToJoin({ room, note }), onSuccess: onAsked })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    ask.mutate()
  }
  return (
    <form onSubmit={submit}>
      <LabelledField
        label={t('rooms.askNote')}
        hint={t('rooms.askNoteHint')}
        value={note}
        maxLength={500}
        onChange={(event) => setNote(event.target.value)}
      />
      <FieldError error={ask.error ? sentenceOf(failureOf(ask.error), language) : undefined} />
      <div className="end">
        <Button look="quiet" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button look="primary" type="submit" disabled={ask.isPending}>
          {t('rooms.sendAsk')}
        </Button>
      </div>
    </form>
  )
}
