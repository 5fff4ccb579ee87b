import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { WeightShown } from '../../../../src/services/router/router.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError, LabelledField, Segmented } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'
import { ListState } from '../auth/list-state.tsx'

const WEIGHT = ['router', 'weight']
const REFRESH_MS = 10_000
/** The stages of the way from v1 to v2. */
const STAGES = ['0', '10', '50', '100']

type Split = Pick<WeightShown, 'weight' | 'shadow'>

/** How askers are split between the routers, what that means, and a way back from each change. */
export function RouterWeight() {
  const { t } = useTranslation()
  const api = useApi()
  const format = useFormat()
  const weight = useQuery({
    queryKey: WEIGHT,
    queryFn: () => api.router.weight({}),
    refetchInterval: REFRESH_MS,
    staleTime: 0,
  })
  const { data } = weight
  return (
    <section aria-labelledby="weight">
      <h2 id="weight">{t('operator.routers.who')}</h2>
      {!data && <ListState query={{ ...weight, data: undefined }} empty="" />}
      {data && (
        <>
          <p className="meta">
            <Meaning of={data} />{' '}
            {data.changedAt && t('operator.routers.since', { at: format.moment(data.changedAt) })}
          </p>
          <SplitForm key={`${data.weight} ${data.shadow}`} of={data} />
        </>
      )}
    </section>
  )
}

function SplitForm({ of: now }: { of: WeightShown }) {
  const { t } = useTranslation()
  const api = useApi()
  const say = useToast()
  const { language } = useFormat()
  const queries = useQueryClient()
  const [weight, setWeight] = useState(String(now.weight))
  const [shadow, setShadow] = useState(String(now.shadow))
  const [bad, setBad] = useState(false)
  const put = useMutation({
    mutationFn: (split: Split) => api.router.setWeight(split),
    onSuccess: (set) => queries.setQueryData(WEIGHT, set),
  })
  const back = () =>
    void api.router.setWeight({ weight: now.weight, shadow: now.shadow }).then(
      (set) => queries.setQueryData(WEIGHT, set),
      (failure: unknown) => say({ text: sentenceOf(failureOf(failure), language) }),
    )
  const asked = splitOf(weight, shadow)
  const same = asked?.weight === now.weight && asked.shadow === now.shadow
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setBad(!asked)
    if (asked && !same)
      put.mutate(asked, {
        onSuccess: () =>
          say({ text: t('operator.routers.set'), act: { label: t('common.undo'), run: back } }),
      })
  }
  const failed = put.error ? sentenceOf(failureOf(put.error), language) : undefined
  return (
    <form className="rt-split" noValidate onSubmit={submit}>
      <Segmented
        label={t('operator.routers.stage')}
        value={weight}
        options={STAGES.map((value) => ({ value, label: `${value} %` }))}
        onChange={setWeight}
      />
      <LabelledField
        label={t('operator.routers.weight')}
        hint={t('operator.routers.weightHint')}
        inputMode="numeric"
        autoComplete="off"
        maxLength={3}
        value={weight}
        onChange={({ currentTarget }) => setWeight(currentTarget.value)}
      />
      <LabelledField
        label={t('operator.routers.shadow')}
        hint={t('operator.routers.shadowHint')}
        inputMode="numeric"
        autoComplete="off"
        maxLength={3}
        value={shadow}
        onChange={({ currentTarget }) => setShadow(currentTarget.value)}
      />
      {asked && !same && (
        <p className="rt-preview">
          <Meaning of={{ ...now, ...asked }} />
        </p>
      )}
      <FieldError error={bad && !asked ? t('operator.routers.bad') : failed} />
      <Button type="submit" look="primary" disabled={put.isPending || same}>
        {t('operator.routers.apply')}
      </Button>
    </form>
  )
}

/** What a split means for those who ask. */
function Meaning({ of: { weight, shadow, v1 } }: { of: Split & { v1: boolean } }) {
  const { t } = useTranslation()
  if (!v1) return t('operator.routers.noV1')
  const who = weight === 0 ? 'none' : weight === 100 ? 'all' : 'some'
  const words: string[] = [t(`operator.routers.means.${who}`, { weight })]
  if (shadow > 0) words.push(t('operator.routers.means.shadow', { shadow }))
  return words.join(' ')
}

/** Whole numbers out of what was typed; null where one is none, or not of a hundred. */
function splitOf(weight: string, shadow: string): Split | null {
  const [w, s] = [weight, shadow].map((typed) => (/^\s*\d{1,3}\s*$/.test(typed) ? Number(typed) : Number.NaN))
  if (w === undefined || s === undefined || !(w <= 100) || !(s <= 100)) return null
  return { weight: w, shadow: s }
}
