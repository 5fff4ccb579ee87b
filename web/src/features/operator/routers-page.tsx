import './routers.css'
import { Link } from '@tanstack/react-router'
import { ChevronLeft } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/icon.tsx'
import { OperatorGate } from './operator-gate.tsx'
import { RouterDifferences } from './router-differences.tsx'
import { RouterRules } from './router-rules.tsx'
import { RouterWeight } from './router-weight.tsx'

/** Who answers requests, for those who run the city: how askers are split between the routers, how their answers differ, and by which rules each decides. */
export function RoutersPage() {
  const { t } = useTranslation()
  return (
    <OperatorGate title={t('operator.routers.title')}>
      <main className="main" id="talk" tabIndex={-1}>
        <header className="top">
          <Link className="ib" to="/operator" aria-label={t('common.operator')}>
            <Icon of={ChevronLeft} />
          </Link>
          <h1 className="grow">{t('operator.routers.title')}</h1>
        </header>
        <div className="scroll">
          <div className="wrapm">
            <RouterWeight />
            <RouterDifferences />
            <RouterRules />
          </div>
        </div>
      </main>
    </OperatorGate>
  )
}
