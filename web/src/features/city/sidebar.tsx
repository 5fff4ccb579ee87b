import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Activity, CircleAlert, CircleUser, DoorOpen, Languages, Lock, Plus, SunMoon } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isOperator } from '../../../../src/kernel/principal.ts'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { switchLanguage } from '../../i18n/language.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { useAfter } from '../../ui/states.tsx'
import { toggleTheme } from '../../ui/theme.ts'
import { useCity, useRooms } from './city-context.tsx'
import { NewRoom } from './new-room.tsx'

/** The city's sign, its rooms, and who is looking. On a phone it is a page of its own. */
export function Sidebar() {
  const { t } = useTranslation()
  const api = useApi()
  const rooms = useRooms()
  const { me } = useCity()
  const door = useQuery({ queryKey: ['door'], queryFn: () => api.auth.door({}) })
  const [opening, setOpening] = useState(false)
  const of = (visibility: Room['visibility']) =>
    rooms.data?.filter((room) => room.visibility === visibility) ?? []
  return (
    <nav className="side" aria-label={t('common.city')}>
      <div className="side-top">
        <div className="row">
          <Link className="sign trim" to="/">
            {door.data?.city ?? 'DAARION'}
          </Link>
          <span className="grow" />
          <IconButton icon={Plus} label={t('city.openRoom')} onClick={() => setOpening(true)} />
        </div>
      </div>
      <div className="side-list">
        {rooms.isPending && <ListSkeleton />}
        {rooms.isError && !rooms.data && (
          <div className="grid gap-2 p-2">
            <p className="fail">
              <Icon of={CircleAlert} size="s" />
              {t('city.roomsFailed')}
            </p>
            <Button small onClick={() => void rooms.refetch()}>
              {t('common.retry')}
            </Button>
          </div>
        )}
        <Rooms title={t('city.cityRooms')} rooms={of('public')} />
        <Rooms title={t('city.privateRooms')} rooms={of('private')} />
        <Rooms title={t('city.personal')} rooms={of('direct')} />
        {isOperator(me) && (
          <>
            <h4>{t('common.city')}</h4>
            <Link className="nav" to="/operator">
              <Icon of={Activity} />
              <span className="grow">{t('common.operator')}</span>
            </Link>
          </>
        )}
      </div>
      <Me />
      <NewRoom open={opening} onClose={() => setOpening(false)} />
    </nav>
  )
}

function Rooms({ title, rooms }: { title: string; rooms: readonly Room[] }) {
  if (rooms.length === 0) return null
  return (
    <>
      <h4>{title}</h4>
      {rooms.map((room) => (
        <RoomLink key={room.id} room={room} />
      ))}
    </>
  )
}

function RoomLink({ room }: { room: Room }) {
  const { t } = useTranslation()
  const agent = { id: room.id, kind: 'agent' as const, name: room.name }
  return (
    <Link
      className={room.unread > 0 ? 'nav new' : 'nav'}
      to="/rooms/$room"
      params={{ room: room.slug }}
      activeProps={{ 'aria-current': 'page' }}
    >
      {room.visibility === 'direct' ? (
        <Avatar of={agent} small />
      ) : (
        <Icon of={room.visibility === 'private' ? Lock : DoorOpen} />
      )}
      <span className="grow trim">{room.name}</span>
      {room.unread > 0 && (
        <span className={room.visibility === 'public' ? 'count' : 'count me'}>
          <span aria-hidden="true">{room.unread > 99 ? '99+' : room.unread}</span>
          <span className="vh">{t('city.unread', { count: room.unread })}</span>
        </span>
      )}
    </Link>
  )
}

function Me() {
  const { t, i18n } = useTranslation()
  const { me } = useCity()
  return (
    <div className="side-me">
      <Avatar of={me} small lit="on" />
      <span className="grow trim">{me.name}</span>
      <button
        type="button"
        className="ib lang"
        aria-label={t('common.language')}
        title={t('common.language')}
        onClick={() => switchLanguage(i18n)}
      >
        <Icon of={Languages} />
      </button>
      <IconButton icon={SunMoon} label={t('common.theme')} onClick={toggleTheme} />
      <Link className="ib" to="/account" aria-label={t('common.account')} title={t('common.account')}>
        <Icon of={CircleUser} />
      </Link>
    </div>
  )
}

function ListSkeleton() {
  if (!useAfter(300)) return null
  return (
    <div className="grid gap-4 p-2 pt-8" aria-hidden="true">
      {[70, 52, 64].map((width) => (
        <i key={width} className="sk" style={{ width: `${width}%` }} />
      ))}
    </div>
  )
}
