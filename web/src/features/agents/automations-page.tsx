import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Automation } from '../../../../src/services/agents/automations.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat, useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError } from '../../ui/field.tsx'
import { ListState } from '../auth/list-state.tsx'
import { useRooms } from '../city/city-context.tsx'
import { AutomationForm } from './automation-form.tsx'
import { BesideAgents } from './beside-agents.tsx'

const REFRESH_MS = 15_000

/** What agents do by themselves on the reader's behalf: when, how it went, and a way to stop it. */
export function AutomationsPage() {
  const { t } = useTranslation()
  const api = useApi()
  const automations = useQuery({
    queryKey: ['automations'],
    queryFn: async () => (await api.agents.automations({})).items,
    refetchInterval: REFRESH_MS,
  })
  return (
    <BesideAgents title={t('agents.automations.title')}>
      <p className="meta">{t('agents.automations.hint')}</p>
      <ListState query={automations} empty={t('agents.automations.none')} />
      <ul className="rows">
        {automations.data?.map((automation) => (
          <li key={automation.id}>
            <OneAutomation of={automation} />
          </li>
        ))}
      </ul>
      <AutomationForm />
    </BesideAgents>
  )
}

function OneAutomation({ of }: { of: Automation }) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const format = useFormat()
  const rooms = useRooms()
  const done = { onSuccess: () => queries.invalidateQueries({ queryKey: ['automations'] }) }
  const change = useMutation({
    mutationFn: (state: Automation['state']) => api.agents.changeAutomation({ automation: of.id, state }),
    ...done,
  })
  const remove = useMutation({
    mutationFn: () => api.agents.removeAutomation({ automation: of.id }),
    ...done,
  })
  const room = rooms.data?.find(({ id }) => id === of.room)?.name ?? of.room
  const { trigger } = of
  const when =
    trigger.kind === 'schedule'
      ? `${trigger.cron} · ${trigger.zone}`
      : trigger.kind === 'keyword'
        ? trigger.words.join(', ')
        : ''
  const failure = change.error ?? remove.error
  return (
    <article className="grid gap-2" aria-label={of.name}>
      <h2>
        {of.name} {of.state === 'paused' && <span className="tag">{t('agents.automations.paused')}</span>}
      </h2>
      <p className="meta">
        {of.agent.name} · {room} · {t(`agents.automations.kind.${trigger.kind}`)} {when}
      </p>
      <p>{of.task}</p>
      {of.nextAt && <p className="meta">{t('agents.automations.next', { at: format.moment(of.nextAt) })}</p>}
      {of.problem && <FieldError error={sentenceOf(of.problem, language)} />}
      {of.runs.length === 0 ? (
        <p className="meta">{t('agents.automations.noRuns')}</p>
      ) : (
        <ul aria-label={t('agents.automations.runs')}>
          {of.runs.map(({ run, at, state }) => (
            <li key={run}>
              <Link to="/runs/$run" params={{ run }}>
                {format.moment(at)}
              </Link>{' '}
              <span className="meta">{t(`agents.runState.${state}`)}</span>
            </li>
          ))}
        </ul>
      )}
      <div className="flex gap-2">
        <Button
          small
          disabled={change.isPending}
          onClick={() => change.mutate(of.state === 'active' ? 'paused' : 'active')}
        >
          {t(of.state === 'active' ? 'agents.automations.pause' : 'agents.automations.resume')}
        </Button>
        <Button small look="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>
          {t('agents.automations.remove')}
        </Button>
      </div>
      <FieldError error={failure ? sentenceOf(failureOf(failure), language) : undefined} />
    </article>
  )
}
