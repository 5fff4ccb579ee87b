import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Trash2 } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { BudgetKind, type LlmBudget, Per } from '../../../../src/services/llm-proxy/usage.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { FieldError, LabelledField, LabelledSelect } from '../../ui/field.tsx'
import { Meter } from '../../ui/states.tsx'
import { ListState } from '../auth/list-state.tsx'

const BUDGETS = ['llm', 'budgets']
type Used = LlmBudget & { readonly used: number }

const keyOf = ({ kind, subject, per }: LlmBudget): string => `${kind} ${subject} ${per}`
const plain = ({ kind, subject, per, amount }: LlmBudget): LlmBudget => ({ kind, subject, per, amount })

/** What may be spent, by whom and in what time, and what is spent of it now. */
export function LlmBudgets() {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const { language } = useFormat()
  const budgets = useQuery({ queryKey: BUDGETS, queryFn: () => api.llm.budgets({}), staleTime: 0 })
  const items = budgets.data?.items
  const set = useMutation({
    // All are set at once, so those of this moment are read before one is changed.
    async mutationFn(change: (all: readonly LlmBudget[]) => LlmBudget[]) {
      const now = await api.llm.budgets({})
      await api.llm.setBudgets({ items: change(now.items.map(plain)) })
    },
    onSettled: () => queries.invalidateQueries({ queryKey: BUDGETS }),
  })
  const without = (one: LlmBudget) => (all: readonly LlmBudget[]) =>
    all.filter((other) => keyOf(other) !== keyOf(one))
  return (
    <section aria-labelledby="llm-budgets">
      <h2 id="llm-budgets">{t('operator.llm.budgets')}</h2>
      <p className="meta">{t('operator.llm.budgetsHint')}</p>
      <ListState query={{ ...budgets, data: items }} empty={t('operator.llm.noBudgets')} />
      {items && items.length > 0 && (
        <ul className="rows">
          {items.map((one) => (
            <Budget
              key={keyOf(one)}
              of={one}
              busy={set.isPending}
              onRemove={() => set.mutate(without(one))}
            />
          ))}
        </ul>
      )}
      <BudgetForm busy={set.isPending} onSet={(one) => set.mutate((all) => [...without(one)(all), one])} />
      <FieldError error={set.error ? sentenceOf(failureOf(set.error), language) : undefined} />
    </section>
  )
}

function Budget({ of, busy, onRemove }: { of: Used; busy: boolean; onRemove: () => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { kind, subject, per, amount, used } = of
  const shown = (value: number) => (per.startsWith('usd') ? format.money(value) : format.count(value))
  const name = t('operator.llm.budgetOf', { kind: t(`operator.llm.kind.${kind}`), subject })
  const told = t('operator.llm.spent', { used: shown(used), amount: shown(amount) })
  return (
    <li className="mdl">
      <div className="row wrap">
        <b className="grow llm-name">{kind === 'city' ? t('operator.llm.kind.city') : name}</b>
        <span className="meta num">
          {told} {t(`operator.llm.per.${per}`)}
        </span>
        <IconButton
          icon={Trash2}
          label={`${t('operator.llm.remove')} ${name} ${t(`operator.llm.per.${per}`)}`}
          disabled={busy}
          onClick={onRemove}
        />
      </div>
      <Meter share={amount === 0 ? 1 : Math.min(1, used / amount)} label={`${name}: ${told}`} />
    </li>
  )
}

function BudgetForm({ busy, onSet }: { busy: boolean; onSet: (budget: LlmBudget) => void }) {
  const { t } = useTranslation()
  const [kind, setKind] = useState<LlmBudget['kind']>('city')
  const [subject, setSubject] = useState('')
  const [per, setPer] = useState<LlmBudget['per']>('usd_month')
  const [amount, setAmount] = useState('')
  const [bad, setBad] = useState(false)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const value = Number(amount.trim().replace(',', '.'))
    const whom = kind === 'city' ? 'city' : subject.trim()
    const right = amount.trim() !== '' && value >= 0 && value <= 1e9 && whom !== ''
    setBad(!right)
    if (right) onSet({ kind, subject: whom, per, amount: value })
  }
  return (
    <form className="rt-dry" aria-label={t('operator.llm.addBudget')} noValidate onSubmit={submit}>
      <LabelledSelect
        label={t('operator.llm.whose')}
        value={kind}
        options={BudgetKind.options.map((value) => ({ value, label: t(`operator.llm.kind.${value}`) }))}
        onChange={setKind}
      />
      {kind !== 'city' && (
        <LabelledField
          label={t('operator.llm.subject')}
          hint={t('operator.llm.subjectHint')}
          autoComplete="off"
          maxLength={200}
          value={subject}
          onChange={({ currentTarget }) => setSubject(currentTarget.value)}
        />
      )}
      <LabelledSelect
        label={t('operator.llm.what')}
        value={per}
        options={Per.options.map((value) => ({ value, label: t(`operator.llm.per.${value}`) }))}
        onChange={setPer}
      />
      <LabelledField
        label={t('operator.llm.amount')}
        inputMode="decimal"
        autoComplete="off"
        maxLength={12}
        value={amount}
        error={bad ? t('operator.llm.badAmount') : undefined}
        onChange={({ currentTarget }) => setAmount(currentTarget.value)}
      />
      <Button type="submit" disabled={busy}>
        {t('operator.llm.setBudget')}
      </Button>
    </form>
  )
}
