import { KeyRound } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { CopyLine } from '../../ui/key-once.tsx'

/** Ten codes, shown this once. */
export function RecoveryCodes({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const { t } = useTranslation()
  return (
    <section className="card once" aria-label={t('account.codesTitle')}>
      <div className="card-h">
        <Icon of={KeyRound} />
        <div className="grow">
          <h3>{t('account.codesTitle')}</h3>
          <p className="meta">{t('account.codesAbout')}</p>
        </div>
      </div>
      <div className="card-b">
        <CopyLine text={codes.join('  ')} words={t('auth.copyWords', { returnObjects: true })} />
      </div>
      <div className="card-f">
        <Button small look="primary" onClick={onDone}>
          {t('account.codesKept')}
        </Button>
        <span className="meta">{t('account.codesLost')}</span>
      </div>
    </section>
  )
}
