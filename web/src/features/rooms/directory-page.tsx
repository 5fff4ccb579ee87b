import { Link } from '@tanstack/react-router'
import { ChevronLeft, DoorOpen, Lock, Plus, Search } from 'lucide-react'
import { useDeferredValue, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ListedRoom } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { IconButton } from '../../ui/button.tsx'
import { Segmented } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { More, usePages } from '../../ui/pages.tsx'
import { ListState } from '../auth/list-state.tsx'
import { NewRoom } from '../city/new-room.tsx'
import { MyRooms } from './my-rooms.tsx'
import { DIRECTORY, RoomDoor } from './room-door.tsx'
import { RoomPicture } from './room-picture.tsx'

const VIEWS = ['all', 'mine', 'archive'] as const
type View = (typeof VIEWS)[number]

/** All rooms that can be found, by their words; one’s own in one’s own order; and the archive. */
export function DirectoryPage() {
  const { t } = useTranslation()
  const [view, setView] = useState<View>('all')
  const [q, setQ] = useState('')
  const [opening, setOpening] = useState(false)
  const sought = useDeferredValue(q)
  useEffect(() => {
    document.title = t('rooms.directory')
  }, [t])
  return (
    <main className="main" id="talk" tabIndex={-1}>
      <header className="top">
        <Link className="ib only-phone" to="/rooms" aria-label={t('city.backToRooms')}>
          <Icon of={ChevronLeft} />
        </Link>
        <h1 className="grow">{t('rooms.directory')}</h1>
        <IconButton icon={Plus} label={t('city.openRoom')} onClick={() => setOpening(true)} />
      </header>
      <div className="scroll">
        <div className="wrapm">
          <div className="rtools">
            {view !== 'mine' && (
              <label className="field">
                <Icon of={Search} size="s" />
                <input
                  type="search"
                  value={q}
                  maxLength={200}
                  placeholder={t('rooms.find')}
                  aria-label={t('rooms.find')}
                  onChange={(event) => setQ(event.target.value)}
                />
              </label>
            )}
            <Segmented
              label={t('rooms.view')}
              value={view}
              onChange={setView}
              options={VIEWS.map((value) => ({ value, label: t(`rooms.views.${value}`) }))}
            />
          </div>
          {view === 'mine' ? <MyRooms /> : <Found q={sought} archived={view === 'archive'} />}
        </div>
      </div>
      {opening && <NewRoom onClose={() => setOpening(false)} />}
    </main>
  )
}

function Found({ q, archived }: { q: string; archived: boolean }) {
  const { t } = useTranslation()
  const api = useApi()
  const rooms = usePages({
    queryKey: [...DIRECTORY, q, archived],
    page: (after, signal) => api.city.directory({ q, archived, after }, { signal }),
    keep: true,
  })
  const { items: found } = rooms
  const nothing = archived ? t('rooms.noArchive') : t('rooms.noneYet')
  return (
    <>
      {!archived && <p className="meta">{t('rooms.directoryHint')}</p>}
      <div role="status">
        <ListState
          query={{ data: found, error: rooms.error, refetch: rooms.refetch }}
          empty={q === '' ? nothing : t('rooms.none', { q })}
        />
      </div>
      <ul className="rlist after">
        {found?.map((room) => (
          <Row key={room.id} room={room} />
        ))}
      </ul>
      <More of={rooms} />
    </>
  )
}

function Row({ room }: { room: ListedRoom }) {
  const { t } = useTranslation()
  const enters = room.visibility === 'public' || room.membership !== null
  return (
    <li>
      {room.picture ? (
        <RoomPicture file={room.picture} />
      ) : (
        <span className="sign-of">
          <Icon of={room.visibility === 'public' ? DoorOpen : Lock} />
        </span>
      )}
      <span className="name">
        {enters ? (
          <Link to="/rooms/$room" params={{ room: room.slug }}>
            {room.name}
          </Link>
        ) : (
          room.name
        )}
        <span className="meta">
          {t(`rooms.visibility.${room.visibility}`)}
          {room.members > 0 && ` · ${t('rooms.members', { count: room.members })}`}
          {room.archivedAt !== null && ` · ${t('rooms.archived')}`}
        </span>
      </span>
      {room.topic !== '' && <span className="meta about">{room.topic}</span>}
      <span className="does">
        <RoomDoor room={room} />
      </span>
    </li>
  )
}
