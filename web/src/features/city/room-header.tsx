import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronLeft, Files, Settings, UsersRound } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { FacePile } from '../../ui/avatar.tsx'
import { IconButton } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { AgentNow } from '../live/agent-now.tsx'
import { RoomMenu } from '../messages/room-menu.tsx'
import { RoomSearch } from '../search/search-entry.tsx'
import { membersQuery } from './members.ts'
import type { Opened } from './side-panel.tsx'

interface RoomHeaderProps {
  room: Room
  panel: Opened['kind'] | null
  onPanel: (kind: 'people' | 'files' | 'pins') => void
  onJump: (message: string) => void
}

/** The room's name, who may be in it and when agents answer. */
export function RoomHeader({ room, panel, onPanel, onJump }: RoomHeaderProps) {
  const { t } = useTranslation()
  const members = useQuery(membersQuery(useApi(), room))
  return (
    <header className="top">
      <Link
        className="ib only-phone"
        to="/rooms"
        aria-label={t('city.mutedPhone')}
        style={{ marginLeft: -12 }}
      >
        <Icon of={ChevronLeft} />
      </Link>
      <div className="grow">
        <h1 className="trim">{room.name}</h1>
        <div className="meta trim" style={{ fontSize: 'var(--text-xs)' }}>
          {room.topic !== '' && `${room.topic} · `}
          {t(`rooms.visibility.${room.visibility}`)} · {t(`city.policyLine.${room.replyPolicy.mode}`)}
          <AgentNow room={room} />
        </div>
      </div>
      {members.data && <FacePile of={members.data} />}
      <RoomSearch room={room} />
      <IconButton
        icon={UsersRound}
        label={t('city.people')}
        aria-pressed={panel === 'people'}
        onClick={() => onPanel('people')}
      />
      <IconButton
        className="not-phone"
        icon={Files}
        label={t('city.files')}
        aria-pressed={panel === 'files'}
        onClick={() => onPanel('files')}
      />
      <Link
        className="ib not-phone"
        to="/rooms/$room/settings"
        params={{ room: room.slug }}
        aria-label={t('city.settings')}
        title={t('city.settings')}
      >
        <Icon of={Settings} />
      </Link>
      <RoomMenu room={room} onPanel={onPanel} onJump={onJump} />
    </header>
  )
}
