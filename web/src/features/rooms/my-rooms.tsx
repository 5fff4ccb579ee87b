import { Link } from '@tanstack/react-router'
import { ArrowDown, ArrowUp, DoorOpen, Lock, Star } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { IconButton } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { ListState } from '../auth/list-state.tsx'
import { useRooms } from '../city/city-context.tsx'
import { groupsOf } from './order.ts'
import { RoomPicture } from './room-picture.tsx'
import { useMoveRoom } from './use-order.ts'
import { usePrefer } from './use-prefer.ts'

/** The reader’s rooms in their own order: a star for favourites, arrows for the place. */
export function MyRooms() {
  const { t } = useTranslation()
  const rooms = useRooms()
  const groups = groupsOf(rooms.data ?? [])
  return (
    <>
      <p className="meta">{t('rooms.orderHint')}</p>
      <ListState query={rooms} empty={t('rooms.noneYet')} />
      {groups.map((group) => (
        <ul key={group.name} className="rlist after">
          {group.rooms.map((room, at) => (
            <Row key={room.id} room={room} at={at} last={group.rooms.length - 1} />
          ))}
        </ul>
      ))}
    </>
  )
}

function Row({ room, at, last }: { room: Room; at: number; last: number }) {
  const { t } = useTranslation()
  const move = useMoveRoom()
  const prefer = usePrefer(room)
  return (
    <li>
      <Sign room={room} />
      <span className="name">
        <Link to="/rooms/$room" params={{ room: room.slug }}>
          {room.name}
        </Link>
      </span>
      <span className="meta about">{t(`rooms.visibility.${room.visibility}`)}</span>
      <span className="does">
        <IconButton
          icon={Star}
          className="star"
          label={t('rooms.star', { room: room.name })}
          aria-pressed={room.favourite}
          onClick={() => prefer.mutate({ favourite: !room.favourite })}
        />
        <IconButton
          icon={ArrowUp}
          label={t('rooms.moveUp', { room: room.name })}
          disabled={at === 0}
          onClick={() => move(room, at - 1)}
        />
        <IconButton
          icon={ArrowDown}
          label={t('rooms.moveDown', { room: room.name })}
          disabled={at === last}
          onClick={() => move(room, at + 1)}
        />
      </span>
    </li>
  )
}

function Sign({ room }: { room: Room }) {
  if (room.picture) return <RoomPicture file={room.picture} />
  const [other] = room.people
  return (
    <span className="sign-of">
      {other ? <Avatar of={other} small /> : <Icon of={room.visibility === 'public' ? DoorOpen : Lock} />}
    </span>
  )
}
