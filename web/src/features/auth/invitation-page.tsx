import { useTranslation } from 'react-i18next'

export function InvitationPage() {
  const { t } = useTranslation()
  return (
    <main className="main" id="talk">
      <h1>{t('common.account')}</h1>
    </main>
  )
}
