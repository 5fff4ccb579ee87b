import './multimodal.css'
import { Link } from '@tanstack/react-router'
import { ChevronLeft } from 'lucide-react'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { isOperator } from '../../../../src/kernel/principal.ts'
import { Icon } from '../../ui/icon.tsx'
import { useMe } from '../auth/session.ts'
import { Engines } from '../operator/engines.tsx'
import { useNow } from '../operator/use-now.ts'
import { Budgets } from './budgets.tsx'
import { JobList } from './job-list.tsx'
import { TryDoor } from './try-door.tsx'
import { TryVectors } from './try-vectors.tsx'
import { UsageList } from './usage-list.tsx'

/** The engines as integrators and operators meet them: to try, to copy, to see how they are. */
export function MultimodalPage() {
  const { t } = useTranslation()
  const me = useMe()
  useEffect(() => {
    document.title = t('multimodal.title')
  }, [t])
  return (
    <main className="main" id="talk" tabIndex={-1}>
      <header className="top">
        <Link className="ib only-phone" to="/rooms" aria-label={t('city.backToRooms')}>
          <Icon of={ChevronLeft} />
        </Link>
        <h1 className="grow">{t('multimodal.title')}</h1>
      </header>
      <div className="scroll">
        <div className="wrapm">
          <section aria-labelledby="try">
            <h2 id="try">{t('multimodal.try')}</h2>
            <p className="meta">{t('multimodal.hint')}</p>
            <TryDoor />
          </section>
          <TryVectors />
          <JobList />
          <EngineStates />
          {isOperator(me) && (
            <>
              <UsageList />
              <Budgets />
            </>
          )}
        </div>
      </div>
    </main>
  )
}

/** Told by the clock: only this part is drawn anew each second. */
function EngineStates() {
  return <Engines now={useNow()} />
}
