import './moderation.css'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronLeft } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isOperator } from '../../../../src/kernel/principal.ts'
import { useApi } from '../../context.tsx'
import { Segmented } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { More, usePages } from '../../ui/pages.tsx'
import { Forbidden, TalkSkeleton } from '../../ui/states.tsx'
import { ListState } from '../auth/list-state.tsx'
import { useCity } from '../city/city-context.tsx'
import { CaseCard } from './case-card.tsx'
import { CityRules } from './city-rules.tsx'
import { ModerationLog } from './moderation-log.tsx'

type View = 'waiting' | 'settled' | 'log' | 'rules'

/** What waits for those who keep rooms, what was settled, what was done, and the rules of the city. */
export function ModerationPage() {
  const { t } = useTranslation()
  const api = useApi()
  const { me } = useCity()
  const [view, setView] = useState<View>('waiting')
  const operates = isOperator(me)
  const views: readonly View[] = operates ? ['waiting', 'settled', 'log', 'rules'] : ['waiting', 'settled']
  const count = useQuery({
    queryKey: ['reports', 'count'],
    queryFn: async () => (await api.city.waitingReports({})).waiting,
  })
  useEffect(() => {
    document.title = t('moderation.title')
  }, [t])
  if (count.isPending) return <TalkSkeleton label={t('moderation.title')} />
  if (count.data === null)
    return (
      <main className="main" id="talk" tabIndex={-1}>
        <Forbidden title={t('city.nothingHere')}>
          <p>{t('moderation.forbidden')}</p>
        </Forbidden>
      </main>
    )
  return (
    <main className="main" id="talk" tabIndex={-1}>
      <header className="top">
        <Link className="ib only-phone" to="/rooms" aria-label={t('city.backToRooms')}>
          <Icon of={ChevronLeft} />
        </Link>
        <h1 className="grow">{t('moderation.title')}</h1>
      </header>
      <div className="scroll">
        <div className="wrapm">
          <Segmented
            label={t('moderation.title')}
            value={view}
            options={views.map((value) => ({ value, label: t(`moderation.${value}`) }))}
            onChange={setView}
          />
          {(view === 'waiting' || view === 'settled') && <Cases key={view} state={view} />}
          {view === 'log' && <ModerationLog />}
          {view === 'rules' && <CityRules />}
        </div>
      </div>
    </main>
  )
}

function Cases({ state }: { state: 'waiting' | 'settled' }) {
  const { t } = useTranslation()
  const api = useApi()
  const cases = usePages({
    queryKey: ['reports', state],
    page: (after) => api.city.reports({ state, after }),
  })
  const { items } = cases
  return (
    <section aria-label={t(`moderation.${state}`)}>
      <ListState
        query={{ data: items, error: cases.error, refetch: cases.refetch }}
        empty={t(state === 'waiting' ? 'moderation.nothing' : 'moderation.nothingSettled')}
      />
      <ul className="cases">
        {items?.map((one) => (
          <li key={one.id}>
            <CaseCard of={one} />
          </li>
        ))}
      </ul>
      <More of={cases} />
    </section>
  )
}
