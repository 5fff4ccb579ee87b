import { useNavigate } from '@tanstack/react-router'
import { CalendarDays, Ellipsis, Files, Pin, Settings } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { IconButton } from '../../ui/button.tsx'
import { Menu, MenuItem } from '../../ui/menu.tsx'
import { piece } from '../../ui/piece.tsx'

const JumpDialog = piece(async () => (await import('./jump-dialog.tsx')).JumpDialog)

interface RoomMenuProps {
  room: Room
  onPanel: (kind: 'pins' | 'files') => void
  onJump: (message: string) => void
}

/** The ways through a room's messages: what is pinned, its files, a date; and its settings, for which a phone's header has no place. */
export function RoomMenu({ room, onPanel, onJump }: RoomMenuProps) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [jumping, setJumping] = useState(false)
  return (
    <>
      <Menu trigger={<IconButton icon={Ellipsis} label={t('talk.room')} />}>
        <MenuItem icon={Pin} onSelect={() => onPanel('pins')}>
          {t('talk.pins')}
        </MenuItem>
        <MenuItem icon={Files} onSelect={() => onPanel('files')}>
          {t('city.files')}
        </MenuItem>
        <MenuItem icon={CalendarDays} onSelect={() => setJumping(true)}>
          {t('talk.jump')}
        </MenuItem>
        <MenuItem
          icon={Settings}
          onSelect={() => void navigate({ to: '/rooms/$room/settings', params: { room: room.slug } })}
        >
          {t('city.settings')}
        </MenuItem>
      </Menu>
      {jumping && <JumpDialog room={room.id} onGo={onJump} onClose={() => setJumping(false)} />}
    </>
  )
}
