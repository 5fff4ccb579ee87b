import { useMutation } from '@tanstack/react-query'
import { Check, Minus, X } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Explanation } from '../../../../src/services/router-v1/router-v1.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError, LabelledField, LabelledSelect } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import type { RouterName } from './router-rules.tsx'

const WITH = ['nothing', 'audio', 'image', 'file', 'search'] as const
type With = (typeof WITH)[number]

/** Puts a question to the rules for show: which one would match, and why each other would not. No model is asked. */
export function DryRun({ router }: { router: RouterName }) {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const [text, setText] = useState('')
  const [agent, setAgent] = useState('')
  const [mode, setMode] = useState('')
  const [beside, setBeside] = useState<With>('nothing')
  const explain = useMutation({
    mutationFn: () => {
      const about = {
        ...(agent.trim() && { agent: agent.trim() }),
        ...(mode.trim() && { mode: mode.trim() }),
      }
      if (router === 'v1') return api.routerV1.explain({ message: text, ...about })
      if (beside === 'nothing') return api.routerV2.explain({ message: text, ...about, timeoutMs: 10_000 })
      const part =
        beside === 'search'
          ? { type: beside, query: text, where: 'documents' as const, limit: 8 }
          : { type: beside, data: '' }
      return api.routerV2.explain({ parts: [{ type: 'text', text }, part], ...about, timeoutMs: 10_000 })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (text.trim() !== '') explain.mutate()
  }
  return (
    <>
      <h3 className="after" id="dry-run">
        {t('operator.routers.dryRun')}
      </h3>
      <form className="rt-dry" aria-labelledby="dry-run" noValidate onSubmit={submit}>
        <LabelledField
          label={t('operator.routers.question')}
          hint={t('operator.routers.questionHint')}
          autoComplete="off"
          maxLength={400}
          value={text}
          onChange={({ currentTarget }) => setText(currentTarget.value)}
        />
        <LabelledField
          label={t('operator.routers.agent')}
          autoComplete="off"
          maxLength={200}
          value={agent}
          onChange={({ currentTarget }) => setAgent(currentTarget.value)}
        />
        <LabelledField
          label={t('operator.routers.mode')}
          autoComplete="off"
          maxLength={200}
          value={mode}
          onChange={({ currentTarget }) => setMode(currentTarget.value)}
        />
        {router === 'v2' && (
          <LabelledSelect
            label={t('operator.routers.beside')}
            value={beside}
            options={WITH.map((value) => ({ value, label: t(`operator.routers.with.${value}`) }))}
            onChange={setBeside}
          />
        )}
        <Button type="submit" disabled={explain.isPending || text.trim() === ''}>
          {t('operator.routers.explain')}
        </Button>
      </form>
      <FieldError error={explain.error ? sentenceOf(failureOf(explain.error), language) : undefined} />
      <div aria-live="polite">{explain.data && <Explained of={explain.data} />}</div>
    </>
  )
}

function Explained({ of: { rule, target, considered } }: { of: Explanation }) {
  const { t } = useTranslation()
  const goes = Object.entries(target).flatMap(([key, value]) => {
    const text = Array.isArray(value) ? value.join(', ') : value
    return text === null || text === '' ? [] : [`${key}: ${text}`]
  })
  return (
    <div className="card card-b after">
      <p>
        <b>{rule === null ? t('operator.routers.byDefaults') : t('operator.routers.byRule', { rule })}</b>
      </p>
      <p className="mono rt-goes">{goes.join(' · ')}</p>
      <ol className="rt-considered">
        {considered.map((one) => (
          <li key={one.rule}>
            <p className="row">
              <Icon of={one.used ? Check : one.matches ? Minus : X} size="s" />
              <b>{one.rule}</b>
              <span className="meta">
                {t(`operator.routers.${one.used ? 'used' : one.matches ? 'later' : 'not'}`)}
              </span>
            </p>
            {one.conditions.length === 0 && <p className="meta">{t('operator.routers.noCondition')}</p>}
            <ul>
              {one.conditions.map(({ name, wanted, got, holds }) => (
                <li key={name} className={holds ? 'rt-holds' : 'rt-fails'}>
                  <Icon of={holds ? Check : X} size="s" />
                  <span>
                    <span className="mono">{name}</span>{' '}
                    {t(holds ? 'operator.routers.holds' : 'operator.routers.fails', { wanted, got })}
                  </span>
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ol>
    </div>
  )
}
