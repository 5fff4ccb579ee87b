import './moderation.css'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { DoorClosed, VolumeX } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { OwnSanction } from '../../../../src/services/city/moderation.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat, useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FieldError } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { WordsField } from './words-field.tsx'

/** What somebody who may not write, or not come in, is told: why, until when, and how to ask the moderators to look again. */
export function Restricted({ sanction }: { sanction: OwnSanction }) {
  const { t } = useTranslation()
  const format = useFormat()
  const [asking, setAsking] = useState(false)
  const { kind, room, reason, until, appeal, answer } = sanction
  return (
    <div className="restricted" role="status">
      <Icon of={kind === 'mute' ? VolumeX : DoorClosed} />
      <div className="grow">
        <p>
          {kind === 'mute' && until !== null
            ? t('moderation.mutedNote', { until: format.moment(until) })
            : t('moderation.bannedNote', { room: room.name })}
        </p>
        <p className="meta">{t('moderation.because', { reason })}</p>
        {appeal === 'waiting' && <p className="meta">{t('moderation.appealWaits')}</p>}
        {appeal === 'upheld' && <p className="meta">{t('moderation.appealUpheld')}</p>}
        {answer !== null && <q className="meta">{answer}</q>}
      </div>
      {appeal === 'none' && (
        <Button small onClick={() => setAsking(true)}>
          {t('moderation.appeal')}
        </Button>
      )}
      <Dialog title={t('moderation.appeal')} open={asking} onClose={() => setAsking(false)}>
        <AppealForm sanction={sanction} onClose={() => setAsking(false)} />
      </Dialog>
    </div>
  )
}

function AppealForm({ sanction, onClose }: { sanction: OwnSanction; onClose: () => void }) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const [words, setWords] = useState('')
  const send = useMutation({
    mutationFn: () => api.city.appeal({ sanction: sanction.id, words }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['standing', sanction.room.id] })
      await queries.invalidateQueries({ queryKey: ['my-sanctions'] })
      onClose()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (words.trim() !== '') send.mutate()
  }
  return (
    <form onSubmit={submit}>
      <WordsField
        label={t('moderation.appeal')}
        hint={t('moderation.appealHint')}
        value={words}
        onChange={setWords}
      />
      <FieldError error={send.error ? sentenceOf(failureOf(send.error), language) : undefined} />
      <div className="end">
        <Button look="quiet" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button look="primary" type="submit" disabled={send.isPending || words.trim() === ''}>
          {t('moderation.appealDo')}
        </Button>
      </div>
    </form>
  )
}

/** On the page of a room that does not open: that the reader was put out of it, where that is so. */
export function BannedHere({ address }: { address: string }) {
  const api = useApi()
  const mine = useQuery({
    queryKey: ['my-sanctions'],
    queryFn: async () => (await api.city.mySanctions({})).items,
  })
  const ban = mine.data?.find(
    ({ kind, room }) => kind === 'ban' && (room.id === address || room.slug === address),
  )
  return ban ? <Restricted sanction={ban} /> : null
}
