import './agents.css'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { PlanStep } from '../../../../src/services/agents/runs.contract.ts'
import { useApi } from '../../context.tsx'

const LOOK_MS = 1_500

/** What a run that goes on set out to do, as far as it came; nothing where it made no plan. */
export function PlanCard({ run }: { run: string }) {
  const api = useApi()
  const found = useQuery({
    queryKey: ['run', run, 'plan'],
    queryFn: () => api.agents.run({ run }),
    refetchInterval: ({ state }) => (state.data?.finishedAt ? false : LOOK_MS),
  })
  return <Plan of={found.data?.plan ?? []} />
}

/** The steps of a plan, each with who does it and how far it is. */
export function Plan({ of: steps }: { of: readonly PlanStep[] }) {
  const { t } = useTranslation()
  if (steps.length === 0) return null
  return (
    <section className="approval" aria-label={t('agents.plan')}>
      <b>{t('agents.plan')}</b>
      <ol className="run-steps">
        {steps.map(({ n, title, agent, state, run }) => (
          <li key={n}>
            {n}. {title}
            <span className="meta">
              {' · '}
              {agent !== null && `${agent} · `}
              {t(`agents.planState.${state}`)}
            </span>{' '}
            {run !== null && (
              <Link to="/runs/$run" params={{ run }}>
                {t('agents.run')}
              </Link>
            )}
          </li>
        ))}
      </ol>
    </section>
  )
}
