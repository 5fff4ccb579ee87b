import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ReplyPolicy, Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Choice, FieldError, LabelledField } from '../../ui/field.tsx'
import { ROOMS } from './city.ts'
import { PolicyChoice } from './policy-choice.tsx'

/** A dialog that opens a room and leads into it. */
export function NewRoom({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <Dialog title={t('city.newRoomTitle')} open onClose={onClose}>
      <Form onClose={onClose} />
    </Dialog>
  )
}

function Form({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const language = useLanguage()
  const [name, setName] = useState('')
  const [visibility, setVisibility] = useState<'private' | 'public'>('private')
  const [mode, setMode] = useState<ReplyPolicy['mode']>('mentioned')
  const create = useMutation({
    mutationFn: () => api.city.openRoom({ name, visibility, replyPolicy: { mode, agents: ['daarwizz'] } }),
    onSuccess: async (room) => {
      queries.setQueryData<Room[]>(ROOMS, (rooms) => [...(rooms ?? []), room])
      onClose()
      await navigate({ to: '/rooms/$room', params: { room: room.slug } })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (name.trim() !== '') create.mutate()
  }
  return (
    <form onSubmit={submit}>
      <LabelledField
        label={t('city.name')}
        hint={t('city.nameHint')}
        value={name}
        maxLength={80}
        required
        onChange={(event) => setName(event.target.value)}
      />
      <Choice
        label={t('city.who')}
        value={visibility}
        onChange={setVisibility}
        options={(['private', 'public'] as const).map((value) => ({
          value,
          label: t(`city.visibilityChoice.${value}`),
        }))}
      />
      <PolicyChoice value={mode} onChange={setMode} />
      <FieldError error={create.error ? sentenceOf(failureOf(create.error), language) : undefined} />
      <div className="end">
        <Button look="quiet" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button look="primary" type="submit" disabled={create.isPending}>
          {t('city.create')}
        </Button>
      </div>
    </form>
  )
}
