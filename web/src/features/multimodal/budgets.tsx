import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  BUDGET_KINDS,
  type Budget,
  UNITS,
} from '../../../../src/services/multimodal-gateway/usage.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError, LabelledField, LabelledSelect } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'
import { ListState } from '../auth/list-state.tsx'
import { agentsQuery, residentsQuery } from '../city/members.ts'
import { amountOf } from './amount.ts'

const BUDGETS = ['multimodal-budgets']
const PERIODS = ['day', 'month'] as const
type Kind = Budget['kind']

/** How much each key, person, agent and community may use, for those who run the city: to see, to set, to take away. */
export function Budgets() {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const format = useFormat()
  const say = useToast()
  const names = useNames()
  const budgets = useQuery({
    queryKey: BUDGETS,
    queryFn: async () => (await api.gateway.budgets({})).items,
  })
  const change = useMutation({
    // All are set at once: what somebody else set meanwhile stays.
    async mutationFn({ budget, away }: { budget: Budget; away?: boolean }) {
      const now = (await api.gateway.budgets({})).items.map(({ used: _, ...one }) => one)
      const others = now.filter((one) => keyOf(one) !== keyOf(budget))
      await api.gateway.setBudgets({ items: away ? others : [...others, budget] })
    },
    onSuccess: (_, { away }) => {
      if (!away) say({ text: t('multimodal.budgets.wasSet') })
    },
    onSettled: () => queries.invalidateQueries({ queryKey: BUDGETS }),
  })
  return (
    <section aria-labelledby="budgets">
      <h2 id="budgets">{t('multimodal.budgets.title')}</h2>
      <p className="meta">{t('multimodal.budgets.hint')}</p>
      <ListState query={budgets} empty={t('multimodal.budgets.none')} />
      {budgets.data && budgets.data.length > 0 && (
        <ul className="rows">
          {budgets.data.map(({ used, ...budget }) => {
            const subject = names[budget.kind].get(budget.subject) ?? budget.subject
            const told = {
              unit: t(`multimodal.unit.${budget.unit}`),
              period: t(`multimodal.budgets.periods.${budget.period}`),
            }
            return (
              <li className="set" key={keyOf(budget)}>
                <b className="trim">{`${subject} · ${t(`multimodal.budgets.kinds.${budget.kind}`)}`}</b>
                <span className="meta">
                  {t('multimodal.budgets.line', {
                    ...told,
                    used: format.count(used),
                    amount: format.count(budget.amount),
                  })}
                </span>
                <Button
                  small
                  look="quiet"
                  aria-label={t('multimodal.budgets.takeAwayOf', { ...told, subject })}
                  disabled={change.isPending}
                  onClick={() => change.mutate({ budget, away: true })}
                >
                  {t('multimodal.budgets.takeAway')}
                </Button>
              </li>
            )
          })}
        </ul>
      )}
      <BudgetForm names={names} pending={change.isPending} onSet={(budget) => change.mutate({ budget })} />
      <FieldError error={change.error ? sentenceOf(failureOf(change.error), format.language) : undefined} />
    </section>
  )
}

const keyOf = ({ kind, period, subject, unit }: Budget): string => [kind, subject, unit, period].join(' ')

type Names = Readonly<Record<Kind, ReadonlyMap<string, string>>>

interface BudgetFormProps {
  names: Names
  pending: boolean
  onSet: (budget: Budget) => void
}

function BudgetForm({ names, onSet, pending }: BudgetFormProps) {
  const { t } = useTranslation()
  const list = useId()
  const [kind, setKind] = useState<Kind>('key')
  const [subject, setSubject] = useState('')
  const [unit, setUnit] = useState<Budget['unit']>('seconds')
  const [period, setPeriod] = useState<Budget['period']>('day')
  const [typed, setTyped] = useState('')
  const [tried, setTried] = useState(false)
  const amount = amountOf(typed)
  const named = subject.trim().length > 0 && subject.trim().length <= 100
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (amount === null || !named) return
    onSet({ kind, subject: subject.trim(), unit, period, amount })
    setTried(false)
  }
  return (
    <form className="after spaced" noValidate onSubmit={submit}>
      <LabelledSelect
        label={t('multimodal.budgets.kind')}
        value={kind}
        options={BUDGET_KINDS.map((value) => ({ value, label: t(`multimodal.budgets.kinds.${value}`) }))}
        onChange={setKind}
      />
      <LabelledField
        label={t('multimodal.budgets.subject')}
        list={list}
        autoComplete="off"
        value={subject}
        error={tried && !named ? t('multimodal.budgets.subjectBad') : undefined}
        onChange={({ currentTarget }) => setSubject(currentTarget.value)}
      />
      <datalist id={list}>
        {[...names[kind]].map(([id, name]) => (
          <option key={id} value={id} label={name} />
        ))}
      </datalist>
      <LabelledSelect
        label={t('multimodal.budgets.unit')}
        value={unit}
        options={UNITS.map((value) => ({ value, label: t(`multimodal.unit.${value}`) }))}
        onChange={setUnit}
      />
      <LabelledSelect
        label={t('multimodal.budgets.period')}
        value={period}
        options={PERIODS.map((value) => ({ value, label: t(`multimodal.budgets.periods.${value}`) }))}
        onChange={setPeriod}
      />
      <LabelledField
        label={t('multimodal.budgets.amount')}
        inputMode="decimal"
        autoComplete="off"
        maxLength={16}
        value={typed}
        error={tried && amount === null ? t('multimodal.budgets.amountBad') : undefined}
        onChange={({ currentTarget }) => setTyped(currentTarget.value)}
      />
      <Button type="submit" disabled={pending}>
        {t('multimodal.budgets.set')}
      </Button>
    </form>
  )
}

/** Whom a budget may be for, as far as this page knows them: residents and agents by name, keys and communities that used something. */
function useNames(): Names {
  const api = useApi()
  const residents = useQuery(residentsQuery(api))
  const agents = useQuery(agentsQuery(api))
  const seen = (by: 'key' | 'community') => ({
    queryKey: ['multimodal-usage', by],
    queryFn: async () => (await api.gateway.usage({ by })).items,
  })
  const keys = useQuery(seen('key'))
  const communities = useQuery(seen('community'))
  const named = (items: readonly { id: string; name: string }[] | undefined) =>
    new Map(items?.map(({ id, name }) => [id, name]))
  const grouped = (items: readonly { group: string }[] | undefined) =>
    new Map(items?.filter(({ group }) => group !== '').map(({ group }) => [group, group]))
  return {
    principal: named(residents.data),
    agent: named(agents.data),
    key: grouped(keys.data),
    community: grouped(communities.data),
  }
}
