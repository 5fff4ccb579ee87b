import { useTranslation } from 'react-i18next'

export function DocumentPage() {
  const { t } = useTranslation()
  return (
    <main className="main" id="talk">
      <h1>{t('knowledge.loading')}</h1>
    </main>
  )
}
