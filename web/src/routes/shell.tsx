import { Outlet, useMatchRoute } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useMe } from '../features/auth/session.ts'
import { CityProvider } from '../features/city/city-context.tsx'
import { RoomKeys } from '../features/city/room-keys.tsx'
import { Sidebar } from '../features/city/sidebar.tsx'
import { PaletteKeys } from '../features/search/palette-keys.tsx'

/** AppShell: the sidebar and the page beside it. On a phone the sidebar is the page `/rooms`. */
export function Shell() {
  const { t } = useTranslation()
  const me = useMe()
  const onList = Boolean(useMatchRoute()({ to: '/rooms' }))
  if (!me) return null
  return (
    <CityProvider me={me}>
      <RoomKeys />
      <PaletteKeys />
      <a className="skip" href="#talk">
        {t('common.skip')}
      </a>
      <div className={onList ? 'app on-list' : 'app'}>
        <Sidebar />
        <Outlet />
      </div>
    </CityProvider>
  )
}
