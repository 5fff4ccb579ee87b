import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { MessageSquareText } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Neighbour } from '../../../../src/services/city/people.contract.ts'
import { useApi } from '../../context.tsx'
import { useLanguage } from '../../i18n/format.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { piece } from '../../ui/piece.tsx'
import { ListState } from '../auth/list-state.tsx'
import { useCity } from '../city/city-context.tsx'
import { useTalk } from './use-talk.ts'

const ReportDialog = piece(async () => (await import('../moderation/report-dialog.tsx')).ReportDialog)

/** Who somebody is, and the rooms the reader shares with them. */
export function PersonCard({ person, onClose }: { person: Neighbour; onClose: () => void }) {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const { me } = useCity()
  const card = useQuery({
    queryKey: ['person', person.id],
    queryFn: () => api.city.person({ person: person.id }),
  })
  const shown = card.data ?? person
  const [reporting, setReporting] = useState(false)
  if (reporting) return <ReportDialog about={{ person: person.id }} name={shown.name} onClose={onClose} />
  return (
    <Dialog title={shown.name} open onClose={onClose}>
      <div className="row">
        <Avatar of={shown} />
        <span className="meta grow">
          {shown.kind === 'agent' ? t('people.agent') : t(`people.role.${shown.role}`)} ·{' '}
          {t(`people.state.${shown.state}`)}
        </span>
      </div>
      {shown.about && <p className="after">{shown.about[language]}</p>}
      <h3 className="after">{t('people.shared')}</h3>
      <ListState
        query={{ data: card.data?.rooms, error: card.error, refetch: card.refetch }}
        empty={t('people.noShared')}
      />
      <ul>
        {card.data?.rooms.map((room) => (
          <li key={room.id}>
            <Link className="nav" to="/rooms/$room" params={{ room: room.slug }}>
              {room.name}
            </Link>
          </li>
        ))}
      </ul>
      <div className="end">
        <Button look="quiet" onClick={onClose}>
          {t('common.close')}
        </Button>
        {person.id !== me.id && (
          <Button look="quiet" onClick={() => setReporting(true)}>
            {t('moderation.report')}
          </Button>
        )}
        {person.id !== me.id && <Write person={person} />}
      </div>
    </Dialog>
  )
}

/** Opens the talk with somebody. */
export function Write({ person }: { person: Neighbour }) {
  const { t } = useTranslation()
  const talk = useTalk()
  return (
    <Button
      small
      icon={MessageSquareText}
      aria-label={t('people.writeTo', { name: person.name })}
      disabled={talk.isPending}
      onClick={() => talk.mutate([person.id])}
    >
      {t('people.write')}
    </Button>
  )
}
