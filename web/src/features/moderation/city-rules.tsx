import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { FilterRule, NewcomerLimits } from '../../../../src/services/city/moderation.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { LabelledField } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'
import { ListState } from '../auth/list-state.tsx'
import { RulesEditor } from './rules-editor.tsx'

const KEY = ['city-moderation']
const NUMBERS = [
  ['days', 90],
  ['messages', 100],
  ['perMinute', 60],
] as const

/** What holds in every room: the city's filter, and limits of those who came lately. */
export function CityRules() {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const say = useToast()
  const rules = useQuery({ queryKey: KEY, queryFn: () => api.city.cityModeration({}) })
  const change = useMutation({
    mutationFn: (wish: { rules: FilterRule[]; newcomers: NewcomerLimits }) => api.city.moderateCity(wish),
    onSuccess: (now) => {
      queries.setQueryData(KEY, now)
      say({ text: t('moderation.saved') })
    },
  })
  const now = rules.data
  if (!now) return <ListState query={{ ...rules, data: undefined }} empty="" />
  const error = change.error ? sentenceOf(failureOf(change.error), language) : undefined
  const limit = (wish: Partial<NewcomerLimits>) =>
    change.mutate({ rules: now.rules, newcomers: { ...now.newcomers, ...wish } })
  return (
    <>
      <section className="order" aria-labelledby="city-filter">
        <h2 id="city-filter">{t('moderation.filter')}</h2>
        <p className="meta">{t('moderation.cityFilterHint')}</p>
        <RulesEditor
          rules={now.rules}
          pending={change.isPending}
          error={error}
          onChange={(next) =>
            change.mutateAsync({ rules: next, newcomers: now.newcomers }).then(
              () => true,
              () => false,
            )
          }
        />
      </section>
      <section className="order" aria-labelledby="newcomers">
        <h2 id="newcomers">{t('moderation.newcomers')}</h2>
        <p className="meta">{t('moderation.newcomersHint')}</p>
        {NUMBERS.map(([name, max]) => (
          <LabelledField
            key={`${name} ${now.newcomers[name]}`}
            label={t(`moderation.${name}`)}
            type="number"
            min={0}
            max={max}
            defaultValue={now.newcomers[name]}
            onBlur={({ currentTarget: { valueAsNumber } }) => {
              const value = Math.min(max, Math.max(0, Math.round(valueAsNumber)))
              if (Number.isFinite(value) && value !== now.newcomers[name]) limit({ [name]: value })
            }}
          />
        ))}
        {(['links', 'files'] as const).map((name) => (
          <label className="row after" key={name}>
            <input
              type="checkbox"
              checked={now.newcomers[name]}
              disabled={change.isPending}
              onChange={(event) => limit({ [name]: event.target.checked })}
            />
            {t(`moderation.${name}`)}
          </label>
        ))}
      </section>
    </>
  )
}
