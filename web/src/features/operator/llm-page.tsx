import './routers.css'
import './llm.css'
import { Link } from '@tanstack/react-router'
import { ChevronLeft } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/icon.tsx'
import { useMe } from '../auth/session.ts'
import { LlmBudgets } from './llm-budgets.tsx'
import { LlmFile } from './llm-file.tsx'
import { LlmModels } from './llm-models.tsx'
import { LlmUsage } from './llm-usage.tsx'
import { OperatorGate } from './operator-gate.tsx'

/** The language models, for those who run the city: how each is doing, what is spent, by what it is bounded, and for the owner the file itself. */
export function LlmPage() {
  const { t } = useTranslation()
  const me = useMe()
  return (
    <OperatorGate title={t('operator.llm.title')}>
      <main className="main" id="talk" tabIndex={-1}>
        <header className="top">
          <Link className="ib" to="/operator" aria-label={t('common.operator')}>
            <Icon of={ChevronLeft} />
          </Link>
          <h1 className="grow">{t('operator.llm.title')}</h1>
        </header>
        <div className="scroll">
          <div className="wrapm">
            <LlmModels />
            {me?.role === 'owner' && <LlmFile />}
            <LlmBudgets />
            <LlmUsage />
          </div>
        </div>
      </main>
    </OperatorGate>
  )
}
