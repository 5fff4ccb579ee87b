import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import {
  Activity,
  BookOpen,
  CircleAlert,
  CircleUser,
  Languages,
  LayoutList,
  Map as MapIcon,
  Newspaper,
  Plus,
  SunMoon,
  UsersRound,
} from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isOperator } from '../../../../src/kernel/principal.ts'
import { useApi } from '../../context.tsx'
import { switchLanguage } from '../../i18n/language.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { piece } from '../../ui/piece.tsx'
import { useAfter } from '../../ui/states.tsx'
import { toggleTheme } from '../../ui/theme.ts'
import { KeptLinks } from '../messages/kept-links.tsx'
import { ModerationLink } from '../moderation/moderation-link.tsx'
import { Bell } from '../notifications/bell.tsx'
import { RoomList } from '../rooms/room-list.tsx'
import { SearchEntry } from '../search/search-entry.tsx'
import { useCity, useRooms } from './city-context.tsx'

const NewRoom = piece(async () => (await import('./new-room.tsx')).NewRoom)

/** The city's sign, its rooms, and who is looking. On a phone it is a page of its own. */
export function Sidebar() {
  const { t } = useTranslation()
  const api = useApi()
  const rooms = useRooms()
  const { me } = useCity()
  const door = useQuery({ queryKey: ['door'], queryFn: () => api.auth.door({}) })
  const [opening, setOpening] = useState(false)
  return (
    <nav className="side" aria-label={t('common.city')}>
      <div className="side-top">
        <div className="row">
          <Link className="sign trim" to="/">
            {door.data?.city ?? 'DAARION'}
          </Link>
          <span className="grow" />
          <Bell />
          <IconButton icon={Plus} label={t('city.openRoom')} onClick={() => setOpening(true)} />
        </div>
        <SearchEntry />
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
        <Places />
        <KeptLinks />
        <ModerationLink />
        <RoomList rooms={rooms.data ?? []} />
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
      {opening && <NewRoom onClose={() => setOpening(false)} />}
    </nav>
  )
}

/** The pages that are everybody’s. */
function Places() {
  const { t } = useTranslation()
  const current = { activeProps: { 'aria-current': 'page' } } as const
  return (
    <>
      <Link className="nav" to="/feed" {...current}>
        <Icon of={Newspaper} />
        <span className="grow">{t('common.feed')}</span>
      </Link>
      <Link className="nav" to="/map" {...current}>
        <Icon of={MapIcon} />
        <span className="grow">{t('common.map')}</span>
      </Link>
      <Link className="nav" to="/people" {...current}>
        <Icon of={UsersRound} />
        <span className="grow">{t('people.title')}</span>
      </Link>
      <Link className="nav" to="/directory" {...current}>
        <Icon of={LayoutList} />
        <span className="grow">{t('rooms.directory')}</span>
      </Link>
      <Link className="nav" to="/knowledge" {...current}>
        <Icon of={BookOpen} />
        <span className="grow">{t('common.knowledge')}</span>
      </Link>
    </>
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
