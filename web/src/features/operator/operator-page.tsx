import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronLeft, Unplug } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Banner } from '../../ui/states.tsx'
import { ListState } from '../auth/list-state.tsx'
import { Engines } from './engines.tsx'
import { Models } from './models.tsx'
import { OperatorGate } from './operator-gate.tsx'
import { fetchReadiness, linesOf, type Readiness, STALE_MS, unmeasured } from './readiness.ts'
import { ServiceTable } from './service-table.tsx'
import { useNow } from './use-now.ts'

const REFRESH_MS = 10_000

/** How the city is, for those who run it. */
export function OperatorPage() {
  const { t } = useTranslation()
  return (
    <OperatorGate title={t('common.operator')}>
      <StateOfCity />
    </OperatorGate>
  )
}

function StateOfCity() {
  const { t } = useTranslation()
  const format = useFormat()
  const now = useNow()
  const ready = useQuery({
    queryKey: ['ready'],
    queryFn: ({ signal }) => fetchReadiness(signal),
    refetchInterval: REFRESH_MS,
    staleTime: 0,
    retry: false,
  })
  const measuredAt = ready.dataUpdatedAt
  const age = Math.max(0, now - measuredAt)
  const stale = measuredAt > 0 && age > STALE_MS
  return (
    <main className="main" id="talk" tabIndex={-1}>
      <header className="top">
        <Link className="ib only-phone" to="/rooms" aria-label={t('city.backToRooms')}>
          <Icon of={ChevronLeft} />
        </Link>
        <h1 className="grow">{t('common.operator')}</h1>
        {measuredAt > 0 && (
          <span className="meta age">
            {stale ? <i className="hatch" /> : <i className="lit" />}
            {t('operator.measured', { ago: format.span(age) })}
          </span>
        )}
      </header>
      {ready.isError && ready.data && (
        <Banner icon={Unplug} bad>
          <span className="grow">{t('operator.noAnswer', { at: format.time(measuredAt) })}</span>
          <Button small onClick={() => void ready.refetch()}>
            {t('common.retry')}
          </Button>
        </Banner>
      )}
      <div className="scroll">
        <div className="wrapm">
          <section aria-labelledby="parts">
            <h2 id="parts">
              {ready.data && !stale ? t(`operator.city.${ready.data.state}`) : t('operator.city.none')}
            </h2>
            <ListState
              query={{
                data: ready.data?.checks,
                error: ready.error,
                refetch: ready.refetch,
              }}
              empty={t('operator.nothingMeasured')}
            />
            {ready.data && <Parts of={ready.data} now={now} stale={stale} />}
          </section>
          <section aria-labelledby="llm">
            <h2 id="llm">{t('operator.llm.title')}</h2>
            <p className="meta">
              <Link to="/operator/models">{t('operator.llm.hint')}</Link>
            </p>
          </section>
          <section aria-labelledby="routers">
            <h2 id="routers">{t('operator.routers.title')}</h2>
            <p className="meta">
              <Link to="/operator/routers">{t('operator.routers.hint')}</Link>
            </p>
          </section>
          <Models now={now} />
          <Engines now={now} />
        </div>
      </div>
    </main>
  )
}

function Parts({ of, now, stale }: { of: Readiness; now: number; stale: boolean }) {
  const { t } = useTranslation()
  const lines = linesOf(of)
  const shown = stale ? lines.map((line) => ({ ...line, state: 'none' as const, since: null })) : lines
  const silent = unmeasured(of)
  return (
    <>
      <ServiceTable lines={shown} now={now} />
      {!stale && silent.length > 0 && (
        <p className="meta row after">
          <i className="hatch" />
          <span>
            {t('operator.noOwnCheck')} <span className="mono">{silent.join(', ')}</span>
          </span>
        </p>
      )}
    </>
  )
}
