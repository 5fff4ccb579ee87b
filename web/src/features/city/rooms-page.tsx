import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { EmptyState } from '../../ui/states.tsx'

/** The list itself is the sidebar; on a wide screen this is the place beside it. */
export function RoomsPage() {
  const { t } = useTranslation()
  return (
    <main className="main" id="talk" tabIndex={-1}>
      <EmptyState level={1} title={t('city.rooms')}>
        <p>{t('city.chooseRoom')}</p>
        <div className="row">
          <Link className="btn" to="/directory">
            {t('rooms.directory')}
          </Link>
        </div>
      </EmptyState>
    </main>
  )
}
