import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { TFunction } from 'i18next'
import { ChevronRight } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Run, Step } from '../../../../src/services/agents/runs.contract.ts'
import { useApi } from '../../context.tsx'
import { sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import type { Language } from '../../i18n/language.ts'
import { Icon } from '../../ui/icon.tsx'
import { isStep } from './typing-line.tsx'

/** How an answer came to be, in one line that opens: its steps, time and cost. Nothing is shown until it is known. */
export function RunTrace({ run: id }: { run: string }) {
  const { t } = useTranslation()
  const api = useApi()
  const format = useFormat()
  const run = useQuery({
    queryKey: ['run', id],
    queryFn: () => api.agents.run({ run: id }),
    staleTime: Number.POSITIVE_INFINITY,
  })
  if (!run.data) return <div className="trace" style={{ minHeight: 26 }} />
  const { steps, durationMs, costUsd } = run.data
  const line = [
    ...steps.flatMap(({ kind }) => (isStep(kind) && kind !== 'model' ? [t(`city.stepDone.${kind}`)] : [])),
    durationMs === null ? '' : format.seconds(durationMs),
    costUsd > 0 ? format.money(costUsd) : '',
  ].filter(Boolean)
  return (
    <details className="trace">
      <summary>
        <Icon of={ChevronRight} size="xs" />
        <span className="vh">{t('city.traceShow')}: </span>
        {line.length > 0 ? line.join(' · ') : t('city.traceShow')}
      </summary>
      <ol>
        {steps.map((step) => (
          <li key={step.index}>
            <span>{stepWords(step, run.data, t, format.language)}</span>
            <span>{took(step) === null ? t('city.stepGoing') : format.seconds(took(step) ?? 0)}</span>
          </li>
        ))}
      </ol>
      <Link to="/runs/$run" params={{ run: id }}>
        {t('city.traceWhole')}
      </Link>
    </details>
  )
}

function stepWords(step: Step, run: Run, t: TFunction, language: Language): string {
  const name = isStep(step.kind) ? t(`city.step.${step.kind}`) : String(step.detail.tool ?? step.kind)
  if (step.kind === 'model' && step.state !== 'failed') {
    const tokens = step.tokensIn + step.tokensOut
    const more = [run.engine ?? '', tokens > 0 ? t('city.tokens', { count: tokens }) : '']
    return [name, ...more].filter(Boolean).join(', ')
  }
  if (step.state === 'failed') {
    const code = String(step.detail.code ?? '')
    const failure = { code, message: t('city.runState.failed') }
    return `${name}: ${sentenceOf(failure, language)}`
  }
  const { passages } = step.detail
  return typeof passages === 'number' ? `${name}: ${t('city.passages', { count: passages })}` : name
}

function took({ startedAt, finishedAt }: Step): number | null {
  return finishedAt === null ? null : Date.parse(finishedAt) - Date.parse(startedAt)
}
