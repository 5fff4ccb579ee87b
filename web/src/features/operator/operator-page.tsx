import { useTranslation } from 'react-i18next'

export function OperatorPage() {
  const { t } = useTranslation()
  return (
    <main className="main" id="talk">
      <h1>{t('operator.title')}</h1>
    </main>
  )
}
