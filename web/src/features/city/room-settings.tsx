import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isOperator } from '../../../../src/kernel/principal.ts'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FieldError, LabelledField } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'
import { ROOMS } from './city.ts'
import { useCity } from './city-context.tsx'
import { PolicyChoice } from './policy-choice.tsx'

/** Renames a room and sets when agents answer in it; a member sees it and who may change it. */
export function RoomSettings({ room, open, onClose }: { room: Room; open: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <Dialog title={t('city.settings')} open={open} onClose={onClose}>
      <Form room={room} onClose={onClose} />
    </Dialog>
  )
}

function Form({ room, onClose }: { room: Room; onClose: () => void }) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const say = useToast()
  const { me } = useCity()
  const mayChange = room.membership === 'owner' || (isOperator(me) && room.visibility === 'public')
  const [name, setName] = useState(room.name)
  const [mode, setMode] = useState(room.replyPolicy.mode)
  const save = useMutation({
    mutationFn: () => {
      const replyPolicy = { ...room.replyPolicy, mode }
      return api.city.changeRoom({ room: room.id, ...(name !== room.name && { name }), replyPolicy })
    },
    onSuccess: (changed) => {
      const put = (rooms: Room[] | undefined) => rooms?.map((one) => (one.id === changed.id ? changed : one))
      queries.setQueryData<Room[]>(ROOMS, put)
      say({ text: t('city.saved') })
      onClose()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate()
  }
  return (
    <form onSubmit={submit}>
      <LabelledField
        label={t('city.name')}
        value={name}
        maxLength={80}
        required
        readOnly={!mayChange}
        onChange={(event) => setName(event.target.value)}
      />
      <PolicyChoice value={mode} onChange={setMode} disabled={!mayChange} />
      {!mayChange && <p className="meta">{t('city.ownerOnly')}</p>}
      <FieldError error={save.error ? sentenceOf(failureOf(save.error), language) : undefined} />
      <div className="end">
        <Button look="quiet" onClick={onClose}>
          {mayChange ? t('common.cancel') : t('common.close')}
        </Button>
        {mayChange && (
          <Button look="primary" type="submit" disabled={save.isPending}>
            {t('common.save')}
          </Button>
        )}
      </div>
    </form>
  )
}
