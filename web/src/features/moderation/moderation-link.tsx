import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ShieldHalf } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { Icon } from '../../ui/icon.tsx'

const REFRESH_MS = 300_000

/** The way to what waits for the reader, with how much it is; not there for those who keep nothing. */
export function ModerationLink() {
  const { t } = useTranslation()
  const api = useApi()
  const count = useQuery({
    queryKey: ['reports', 'count'],
    queryFn: async () => (await api.city.waitingReports({})).waiting,
    refetchInterval: REFRESH_MS,
  })
  if (count.data == null) return null
  return (
    <Link
      className={count.data > 0 ? 'nav new' : 'nav'}
      to="/moderation"
      activeProps={{ 'aria-current': 'page' }}
    >
      <Icon of={ShieldHalf} />
      <span className="grow">{t('moderation.title')}</span>
      {count.data > 0 && (
        <span className="badge" title={t('moderation.waitingCount', { count: count.data })}>
          {count.data}
        </span>
      )}
    </Link>
  )
}
