import './agents.css'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { ChevronLeft } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { useLanguage } from '../../i18n/format.ts'
import { Segmented } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Forbidden, TalkSkeleton } from '../../ui/states.tsx'
import { AgentFeedback } from './agent-feedback.tsx'
import { AgentForm } from './agent-form.tsx'
import { MandateForm } from './mandate-form.tsx'
import { PromptEditor } from './prompt-editor.tsx'
import { useToolName } from './use-tool-name.ts'

const VIEWS = ['about', 'prompts', 'mandate'] as const

/** An agent: who it is for everybody; for those who run the city also what it is told and what it may do. */
export function AgentPage() {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const nameOf = useToolName()
  const { agent: slug } = useParams({ from: '/inside/agents/$agent' })
  const [view, setView] = useState<(typeof VIEWS)[number]>('about')
  const agent = useQuery({ queryKey: ['agent', slug], queryFn: () => api.agents.agent({ agent: slug }) })
  useEffect(() => {
    document.title = agent.data?.name ?? t('agents.title')
  }, [t, agent.data])
  if (agent.isPending) return <TalkSkeleton label={t('agents.title')} />
  if (!agent.data)
    return (
      <main className="main" id="talk" tabIndex={-1}>
        <Forbidden title={t('city.nothingHere')} />
      </main>
    )
  const { settings, tools = [] } = agent.data
  return (
    <main className="main" id="talk" tabIndex={-1}>
      <header className="top">
        <Link className="ib" to="/agents" aria-label={t('agents.title')}>
          <Icon of={ChevronLeft} />
        </Link>
        <h1 className="grow">{agent.data.name}</h1>
        <span className="tag">{t(`agents.states.${agent.data.state}`)}</span>
      </header>
      <div className="scroll">
        <div className="wrapm">
          <p>{agent.data.about[language]}</p>
          {settings ? (
            <>
              <Segmented
                label={agent.data.name}
                value={view}
                options={VIEWS.map((value) => ({ value, label: t(`agents.views.${value}`) }))}
                onChange={setView}
              />
              {view === 'about' && <AgentForm key={agent.data.state} of={agent.data} settings={settings} />}
              {view === 'prompts' && (
                <>
                  <PromptEditor agent={slug} />
                  <AgentFeedback agent={slug} />
                </>
              )}
              {view === 'mandate' && <MandateForm agent={slug} />}
            </>
          ) : (
            <section aria-label={t('agents.uses')}>
              <h2>{t('agents.uses')}</h2>
              {tools.length === 0 && <p className="meta">{t('agents.usesNothing')}</p>}
              <ul>
                {tools.map((tool) => (
                  <li key={tool}>{nameOf(tool)}</li>
                ))}
              </ul>
            </section>
          )}
        </div>
      </div>
    </main>
  )
}
