import './agents.css'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { ChevronLeft } from 'lucide-react'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import type { Run, Step } from '../../../../src/services/agents/runs.contract.ts'
import { useApi } from '../../context.tsx'
import { sentenceOf } from '../../i18n/failures.ts'
import { useFormat, useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Forbidden, TalkSkeleton } from '../../ui/states.tsx'
import { useCity } from '../city/city-context.tsx'
import { Markdown } from '../city/markdown.tsx'
import { ApprovalCards } from './approval-cards.tsx'
import { Plan } from './plan-card.tsx'
import { useToolName } from './use-tool-name.ts'

const LOOK_MS = 1_500

/** How an answer came to be: what the agent saw, what it did, what it cost and why it stopped. */
export function RunPage() {
  const { t } = useTranslation()
  const api = useApi()
  const format = useFormat()
  const language = useLanguage()
  const { me } = useCity()
  const { run: id } = useParams({ from: '/inside/runs/$run' })
  const run = useQuery({
    queryKey: ['run', id, 'page'],
    queryFn: () => api.agents.run({ run: id }),
    refetchInterval: ({ state }) => (state.data?.finishedAt ? false : LOOK_MS),
  })
  const stop = useMutation({
    mutationFn: () => api.agents.cancel({ run: id }),
    onSettled: () => run.refetch(),
  })
  useEffect(() => {
    document.title = t('agents.run')
  }, [t])
  if (run.isPending) return <TalkSkeleton label={t('agents.run')} />
  const { data } = run
  if (!data)
    return (
      <main className="main" id="talk" tabIndex={-1}>
        <Forbidden title={t('city.nothingHere')} />
      </main>
    )
  return (
    <main className="main" id="talk" tabIndex={-1}>
      <header className="top">
        <Link className="ib" to="/rooms" aria-label={t('city.backToRooms')}>
          <Icon of={ChevronLeft} />
        </Link>
        <h1 className="grow">{t('agents.run')}</h1>
        {!data.finishedAt && data.asker === me.id && (
          <Button small disabled={stop.isPending} onClick={() => stop.mutate()}>
            {t('agents.stop')}
          </Button>
        )}
      </header>
      <div className="scroll">
        <div className="wrapm">
          <p role="status">
            {[
              t(`agents.runState.${data.state}`),
              data.durationMs === null ? '' : format.seconds(data.durationMs),
              t('agents.tokens', { in: data.tokensIn, out: data.tokensOut }),
              data.costUsd > 0 ? format.money(data.costUsd) : '',
            ]
              .filter(Boolean)
              .join(' · ')}
          </p>
          <Why of={data} />
          <FieldError error={data.error ? sentenceOf(data.error, language) : undefined} />
          {!data.finishedAt && <ApprovalCards run={id} />}
          {data.parent && (
            <p>
              <Link to="/runs/$run" params={{ run: data.parent }}>
                {t('agents.askedBy')}
              </Link>
            </p>
          )}
          <Plan of={data.plan ?? []} />
          <h2>{t('agents.steps')}</h2>
          <ol className="run-steps">
            {data.steps.map((step) => (
              <StepView key={step.index} of={step} />
            ))}
          </ol>
          {data.text !== '' && (
            <section aria-label={t('agents.answer')}>
              <h2>{t('agents.answer')}</h2>
              <Markdown text={data.text} />
            </section>
          )}
        </div>
      </div>
    </main>
  )
}

const STOPS = ['steps', 'tokens', 'cost', 'time'] as const

function Why({ of }: { of: Run }) {
  const { t } = useTranslation()
  const why = STOPS.find((one) => one === of.stopped)
  return why ? <p>{t(`agents.stoppedBy.${why}`)}</p> : null
}

function StepView({ of }: { of: Step }) {
  const { t } = useTranslation()
  const format = useFormat()
  const language = useLanguage()
  const nameOf = useToolName()
  const { code, tool, model, agent, run, ...rest } = of.detail
  const took = of.finishedAt && Date.parse(of.finishedAt) - Date.parse(of.startedAt)
  const line = [
    t(`agents.step.${of.kind}`),
    typeof tool === 'string' ? nameOf(tool) : '',
    typeof model === 'string' ? model : '',
    of.kind === 'delegate' && typeof agent === 'string' ? agent : '',
    t(`agents.stepState.${of.state}`),
    took === null ? '' : format.seconds(Number(took)),
    of.tokensIn + of.tokensOut > 0 ? t('agents.tokens', { in: of.tokensIn, out: of.tokensOut }) : '',
    of.costUsd > 0 ? format.money(of.costUsd) : '',
  ]
  return (
    <li>
      <div>
        {line.filter(Boolean).join(' · ')}{' '}
        {of.kind === 'delegate' && typeof run === 'string' && (
          <Link to="/runs/$run" params={{ run }}>
            {t('agents.run')}
          </Link>
        )}
      </div>
      {typeof code === 'string' && <p className="meta">{sentenceOf({ code, message: code }, language)}</p>}
      {Object.keys(rest).length > 0 && (
        <details>
          <summary>{t('agents.saw')}</summary>
          <pre>{JSON.stringify(rest, null, 2)}</pre>
        </details>
      )}
    </li>
  )
}
