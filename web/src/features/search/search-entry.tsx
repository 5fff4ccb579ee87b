import { Link } from '@tanstack/react-router'
import { Search } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { Icon } from '../../ui/icon.tsx'
import { openPalette } from './palette-keys.tsx'

/** The way to the palette for those who point. */
export function SearchEntry() {
  const { t } = useTranslation()
  return (
    <button type="button" className="field" onClick={openPalette}>
      <Icon of={Search} size="s" />
      <span className="grow text-left">{t('search.input')}</span>
      <kbd className="not-phone">Ctrl K</kbd>
    </button>
  )
}

/** The search, narrowed to one room. */
export function RoomSearch({ room }: { room: Pick<Room, 'slug'> }) {
  const { t } = useTranslation()
  return (
    <Link
      className="ib"
      to="/search"
      search={{ in: room.slug }}
      aria-label={t('search.inRoom')}
      title={t('search.inRoom')}
    >
      <Icon of={Search} />
    </Link>
  )
}
