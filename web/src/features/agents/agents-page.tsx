import './agents.css'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { ChevronLeft } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isOperator } from '../../../../src/kernel/principal.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Button } from '../../ui/button.tsx'
import { FieldError, LabelledField, LabelledSelect } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { ListState } from '../auth/list-state.tsx'
import { useCity } from '../city/city-context.tsx'

/** Who answers in the city; those who run it make new ones here. */
export function AgentsPage() {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const { me } = useCity()
  const operates = isOperator(me)
  const agents = useQuery({
    queryKey: ['agents', 'all', operates],
    queryFn: async () => (await api.agents.agents({ all: operates })).items,
  })
  useEffect(() => {
    document.title = t('agents.title')
  }, [t])
  return (
    <main className="main" id="talk" tabIndex={-1}>
      <header className="top">
        <Link className="ib only-phone" to="/rooms" aria-label={t('city.backToRooms')}>
          <Icon of={ChevronLeft} />
        </Link>
        <h1 className="grow">{t('agents.title')}</h1>
      </header>
      <div className="scroll">
        <div className="wrapm">
          <ListState query={agents} empty={t('agents.none')} />
          <ul className="rows">
            {agents.data?.map((agent) => (
              <li key={agent.id}>
                <Link className="row" to="/agents/$agent" params={{ agent: agent.slug }}>
                  <Avatar of={{ id: agent.id, kind: 'agent', name: agent.name }} />
                  <span className="grow">
                    <b>{agent.name}</b>
                    <span className="meta block">{agent.about[language]}</span>
                  </span>
                  {agent.state !== 'active' && (
                    <span className="tag">{t(`agents.states.${agent.state}`)}</span>
                  )}
                </Link>
              </li>
            ))}
          </ul>
          <ul className="rows after">
            <li>
              <Link className="row" to="/agents/automations">
                {t('agents.automations.title')}
              </Link>
            </li>
            {operates && (
              <li>
                <Link className="row" to="/agents/servers">
                  {t('agents.servers.title')}
                </Link>
              </li>
            )}
          </ul>
          {operates && <MakeAgent />}
        </div>
      </div>
    </main>
  )
}

function MakeAgent() {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const navigate = useNavigate()
  const [template, setTemplate] = useState('')
  const [slug, setSlug] = useState('')
  const [name, setName] = useState('')
  const templates = useQuery({
    queryKey: ['agent-templates'],
    queryFn: async () => (await api.agents.templates({})).items,
  })
  const make = useMutation({
    mutationFn: () => api.agents.makeAgent({ slug, name, ...(template && { template }) }),
    onSuccess: (agent) => void navigate({ to: '/agents/$agent', params: { agent: agent.slug } }),
  })
  const chosen = templates.data?.find((one) => one.slug === template)
  const without = chosen?.withoutModel?.[language]
  return (
    <form
      className="grid gap-3 after"
      aria-label={t('agents.make')}
      onSubmit={(event) => {
        event.preventDefault()
        make.mutate()
      }}
    >
      <h2>{t('agents.make')}</h2>
      <LabelledSelect
        label={t('agents.template')}
        value={template}
        options={[
          { value: '', label: t('agents.blank') },
          ...(templates.data ?? []).map((one) => ({ value: one.slug, label: one.name })),
        ]}
        onChange={setTemplate}
      />
      {chosen && (
        <p className="meta">
          {chosen.about[language]}{' '}
          {without ? t('agents.withoutModel', { what: without }) : t('agents.nothingWithout')}
        </p>
      )}
      <LabelledField
        label={t('agents.name')}
        value={name}
        required
        maxLength={60}
        onChange={(event) => setName(event.target.value)}
      />
      <LabelledField
        label={t('agents.slug')}
        value={slug}
        required
        maxLength={41}
        pattern="[a-z][a-z0-9\-]+"
        onChange={(event) => setSlug(event.target.value)}
      />
      <FieldError error={make.error ? sentenceOf(failureOf(make.error), language) : undefined} />
      <Button type="submit" look="primary" disabled={make.isPending}>
        {t('agents.making')}
      </Button>
    </form>
  )
}
