import './bell.css'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Bell as BellIcon } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { Icon } from '../../ui/icon.tsx'
import { BELL } from '../city/city.ts'

const REFRESH_MS = 5 * 60_000
const MOST_SHOWN = 99

/** The way to what one is told of, with how much of it is unseen. */
export function Bell() {
  const { t } = useTranslation()
  const unread = useUnseen()
  const label = unread > 0 ? t('bell.unseen', { count: unread }) : t('bell.title')
  return (
    <Link
      className="ib bell"
      to="/notifications"
      aria-label={label}
      title={label}
      activeProps={{ 'aria-current': 'page' }}
    >
      <Icon of={BellIcon} />
      {unread > 0 && (
        <span className="count me" aria-hidden="true">
          {unread > MOST_SHOWN ? `${MOST_SHOWN}+` : unread}
        </span>
      )}
    </Link>
  )
}

/** How much one is told of and has not seen. */
export function useUnseen(): number {
  const api = useApi()
  const { data = 0 } = useQuery({
    queryKey: BELL,
    queryFn: async () => (await api.city.notifications({ limit: 1 })).unread,
    refetchInterval: REFRESH_MS,
  })
  return data
}
