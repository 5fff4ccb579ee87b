import { useRouter } from '@tanstack/react-router'
import { CircleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { failureOf, sentenceOf } from '../i18n/failures.ts'
import { useLanguage } from '../i18n/format.ts'
import { Button } from '../ui/button.tsx'
import { EmptyState, Forbidden } from '../ui/states.tsx'

/** What is shown when a page could not be loaded or broke. */
export function BrokenPage({ error, reset }: { error: unknown; reset?: () => void }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const router = useRouter()
  const failure = failureOf(error)
  const noLine = failure.code === 'peer.unreachable' || failure.kind === 'timeout'
  const again = () => {
    reset?.()
    void router.invalidate()
  }
  return (
    <main className="main" style={{ height: '100dvh' }}>
      <EmptyState level={1} icon={CircleAlert} title={noLine ? t('common.noLine') : t('common.brokenTitle')}>
        <p>{noLine ? t('common.brokenLine') : sentenceOf(failure, language)}</p>
        <div className="row">
          <Button look="primary" onClick={again}>
            {t('common.reload')}
          </Button>
        </div>
      </EmptyState>
    </main>
  )
}

/** An address that leads nowhere. */
export function MissingPage() {
  const { t } = useTranslation()
  return (
    <main className="main" style={{ height: '100dvh' }}>
      <Forbidden title={t('city.nothingHere')}>
        <p>{t('city.nothingHereHint')}</p>
        <div className="row">
          <a className="btn" href="/">
            {t('city.backToRooms')}
          </a>
        </div>
      </Forbidden>
    </main>
  )
}
