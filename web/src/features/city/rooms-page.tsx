import { useTranslation } from 'react-i18next'

/** The list itself is the sidebar; on a wide screen this is the place beside it. */
export function RoomsPage() {
  const { t } = useTranslation()
  return (
    <main className="main" id="talk" tabIndex={-1}>
      <h1 className="vh">{t('city.rooms')}</h1>
    </main>
  )
}
