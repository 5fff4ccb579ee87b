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
              {one.conditions.map((condition) => (
                <Held key={condition.name} of={condition} />
              ))}
            </ul>
          </li>
        ))}
      </ol>
    </div>
  )
}

type Condition = Explanation['considered'][number]['conditions'][number]
const NAMED = [
  'agent',
  'mode',
  'text.any',
  'text.all',
  'text.none',
  'time',
  'modality',
  'language',
  'size',
  'capabilities',
  'ceilingUsd',
] as const
const DAYS = /\b(?:mon|tue|wed|thu|fri|sat|sun)\b/g
/** A Monday, from which the days of a week are counted. */
const MONDAY = Date.UTC(2024, 0, 1)
const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

/** A condition in words of the page's language; what stands in the rules and in the request stays as it is there. */
function Held({ of: { name, wanted, wants, got, holds } }: { of: Condition }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const known = NAMED.find((one) => one === name)
  const localized = (text: string): string => {
    if (name === 'size') return sizeIn(text, (key, n) => t(`operator.routers.size.${key}`, { n }))
    if (name !== 'time') return text
    const day = new Intl.DateTimeFormat(language, { weekday: 'short', timeZone: 'UTC' })
    return text.replace(DAYS, (found) => day.format(MONDAY + WEEK.indexOf(found) * 86_400_000))
  }
  const said = wants ? wants.items.join(` ${t(`operator.routers.join.${wants.join}`)} `) : localized(wanted)
  return (
    <li className={holds ? 'rt-holds' : 'rt-fails'}>
      <Icon of={holds ? Check : X} size="s" />
      <span>
        {known && <b>{t(`operator.routers.condition.${CONDITION[known]}`)}</b>}{' '}
        <span className="mono">{name}</span>{' '}
        {t(holds ? 'operator.routers.holds' : 'operator.routers.fails', {
          wanted: said,
          got: localized(got),
        })}
      </span>
    </li>
  )
}

const CONDITION = {
  agent: 'agent',
  mode: 'mode',
  'text.any': 'any',
  'text.all': 'all',
  'text.none': 'none',
  time: 'time',
  modality: 'modality',
  language: 'language',
  size: 'size',
  capabilities: 'capabilities',
  ceilingUsd: 'ceiling',
} as const

const SIZES = ['minChars', 'maxChars', 'minBytes', 'maxBytes', 'characters', 'bytes'] as const

/** `minChars 5, maxBytes 9` or `5 characters, 0 bytes`, in words. */
const sizeIn = (text: string, say: (key: (typeof SIZES)[number], n: string) => string): string =>
  text
    .split(', ')
    .map((piece) => {
      const key = SIZES.find((one) => piece.split(' ').includes(one))
      return key ? say(key, piece.replace(key, '').trim()) : piece
    })
    .join(', ')
