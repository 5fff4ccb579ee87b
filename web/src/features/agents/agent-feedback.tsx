import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { useFormat } from '../../i18n/format.ts'

const KINDS = ['core', 'safety', 'governance', 'tools'] as const

/** What people think of an agent's answers, by the prompts it was told, for those who run the city. */
export function AgentFeedback({ agent }: { agent: string }) {
  const { t } = useTranslation()
  const api = useApi()
  const format = useFormat()
  const told = useQuery({
    queryKey: ['agent', agent, 'feedback'],
    queryFn: () => api.agents.agentFeedback({ agent }),
  })
  if (!told.data) return null
  const { versions, reasons } = told.data
  return (
    <section aria-label={t('agents.feedback')}>
      <h2>{t('agents.feedback')}</h2>
      {versions.length === 0 && <p className="meta">{t('agents.noFeedback')}</p>}
      <ul>
        {versions.map(({ versions: of, up, down }) => {
          const line = KINDS.flatMap((kind) =>
            of[kind] === undefined ? [] : [`${t(`agents.kind.${kind}`)} ${of[kind]}`],
          ).join(', ')
          return (
            <li key={line}>
              {line} · {t('agents.counted', { up, down })}
            </li>
          )
        })}
      </ul>
      <ul>
        {reasons.map(({ run, verdict, reason, at }) => (
          <li key={`${run} ${at}`}>
            <b>{t(verdict === 'up' ? 'agents.good' : 'agents.bad')}</b> {reason}{' '}
            <Link to="/runs/$run" params={{ run }} className="meta">
              {format.time(at)}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}
