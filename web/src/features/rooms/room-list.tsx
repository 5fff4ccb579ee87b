import { Link } from '@tanstack/react-router'
import { BellOff, DoorOpen, Lock } from 'lucide-react'
import { type DragEvent, type KeyboardEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Icon } from '../../ui/icon.tsx'
import { type GroupName, groupsOf } from './order.ts'
import { RoomPicture } from './room-picture.tsx'
import { useMoveRoom } from './use-order.ts'

const TITLES = {
  favourites: 'rooms.favourites',
  public: 'city.cityRooms',
  private: 'city.privateRooms',
  direct: 'city.personal',
} as const satisfies Record<GroupName, string>
const DRAGGED = 'text/x-daarion-room'

/** The reader’s rooms in groups. A room is dragged to another place of its group, or moved there with Alt Shift and an arrow. */
export function RoomList({ rooms }: { rooms: readonly Room[] }) {
  const { t } = useTranslation()
  return groupsOf(rooms).map((group) => (
    <section key={group.name}>
      <h4>{t(TITLES[group.name])}</h4>
      {group.rooms.map((room, at) => (
        <RoomLink key={room.id} room={room} at={at} of={group.rooms} />
      ))}
    </section>
  ))
}

function RoomLink({ room, at, of }: { room: Room; at: number; of: readonly Room[] }) {
  const move = useMoveRoom()
  const [over, setOver] = useState(false)
  const press = (event: KeyboardEvent) => {
    const way = { ArrowUp: -1, ArrowDown: 1 }[event.key]
    if (!event.altKey || !event.shiftKey || way === undefined) return
    event.preventDefault()
    event.stopPropagation()
    if (at + way >= 0 && at + way < of.length) move(room, at + way)
  }
  const drop = (event: DragEvent) => {
    setOver(false)
    const dragged = of.find(({ id }) => id === event.dataTransfer.getData(DRAGGED))
    if (!dragged) return
    event.preventDefault()
    if (dragged.id !== room.id) move(dragged, at)
  }
  const calls = room.mentions > 0 || (room.visibility === 'direct' && room.unread > 0)
  const told = room.notify === 'all' ? room.unread : room.notify === 'mentions' ? room.mentions : 0
  return (
    <Link
      className={`${told > 0 ? 'nav new' : 'nav'}${over ? ' drop-at' : ''}`}
      to="/rooms/$room"
      params={{ room: room.slug }}
      activeProps={{ 'aria-current': 'page' }}
      aria-keyshortcuts="Alt+Shift+ArrowUp Alt+Shift+ArrowDown"
      draggable
      onKeyDown={press}
      onDragStart={(event) => event.dataTransfer.setData(DRAGGED, room.id)}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes(DRAGGED)) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <RoomSign room={room} />
      <span className="grow trim">{room.name}</span>
      <Waiting room={room} told={told} calls={calls} />
    </Link>
  )
}

function RoomSign({ room }: { room: Room }) {
  if (room.visibility === 'direct') {
    const [other] = room.people
    return <Avatar of={other ?? { id: room.id, kind: 'agent', name: room.name }} small />
  }
  if (room.picture) return <RoomPicture file={room.picture} small />
  return <Icon of={room.visibility === 'public' ? DoorOpen : Lock} />
}

function Waiting({ room, told, calls }: { room: Room; told: number; calls: boolean }) {
  const { t } = useTranslation()
  if (room.notify === 'none')
    return (
      <span className="meta">
        <Icon of={BellOff} size="s" />
        <span className="vh">{t('rooms.muted')}</span>
      </span>
    )
  if (told === 0) return null
  const shown = calls && room.mentions > 0 ? room.mentions : told
  const words =
    room.mentions > 0
      ? `${t('rooms.mentions', { count: room.mentions })}, ${t('city.unread', { count: room.unread })}`
      : t('city.unread', { count: told })
  return (
    <span className={calls ? 'count me' : 'count'}>
      <span aria-hidden="true">
        {room.mentions > 0 ? '@' : ''}
        {shown > 99 ? '99+' : shown}
      </span>
      <span className="vh">{words}</span>
    </span>
  )
}
