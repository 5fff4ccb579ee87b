import { useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { useFormat } from '../../i18n/format.ts'
import { LabelledField, LabelledSelect } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { ListState } from '../auth/list-state.tsx'

const BY = ['day', 'model', 'principal', 'agent', 'community', 'provider', 'kind'] as const
type By = (typeof BY)[number]
const DAY_MS = 86_400_000
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** What was used, by day, model, resident or agent, and the same as a file for a spreadsheet. Days are those of UTC. */
export function LlmUsage() {
  const { t } = useTranslation()
  const api = useApi()
  const format = useFormat()
  const [by, setBy] = useState<By>('day')
  const [from, setFrom] = useState(() => dayOf(Date.now() - 29 * DAY_MS))
  const [to, setTo] = useState(() => dayOf(Date.now()))
  const right = /^\d{4}-\d\d-\d\d$/.test(from) && /^\d{4}-\d\d-\d\d$/.test(to) && from <= to
  const asked = {
    from: `${from}T00:00:00.000Z`,
    to: right ? `${dayOf(Date.parse(to) + DAY_MS)}T00:00:00.000Z` : '',
    by,
  }
  const usage = useQuery({
    queryKey: ['llm', 'usage', asked],
    queryFn: async () => (await api.llm.usage(asked)).items,
    enabled: right,
    staleTime: 0,
  })
  const most = Math.max(0, ...(usage.data ?? []).map(({ usd }) => Number(usd)))
  return (
    <section aria-labelledby="llm-usage">
      <h2 id="llm-usage">{t('operator.llm.usage')}</h2>
      <div className="rt-dry">
        <LabelledSelect
          label={t('operator.llm.by')}
          value={by}
          options={BY.map((value) => ({ value, label: t(`operator.llm.group.${value}`) }))}
          onChange={setBy}
        />
        <LabelledField
          label={t('operator.llm.from')}
          type="date"
          value={from}
          onChange={({ currentTarget }) => setFrom(currentTarget.value)}
        />
        <LabelledField
          label={t('operator.llm.to')}
          type="date"
          value={to}
          error={right ? undefined : t('operator.llm.badDays')}
          onChange={({ currentTarget }) => setTo(currentTarget.value)}
        />
        {right && (
          <a
            className="btn"
            href={`/api/llm/usage?${new URLSearchParams({ ...asked, format: 'csv' })}`}
            download
          >
            <Icon of={Download} size="s" />
            {t('operator.llm.csv')}
          </a>
        )}
      </div>
      {right && <ListState query={usage} empty={t('operator.llm.noUsage')} />}
      {right && usage.data && usage.data.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
        <section className="llm-table" tabIndex={0} aria-label={t(`operator.llm.group.${by}`)}>
          <table className="svc">
            <thead>
              <tr>
                <th scope="col">{t(`operator.llm.group.${by}`)}</th>
                <th scope="col">{t('operator.llm.requests')}</th>
                <th scope="col">{t('operator.llm.tokensIn')}</th>
                <th scope="col">{t('operator.llm.tokensOut')}</th>
                <th scope="col">{t('operator.llm.cost')}</th>
              </tr>
            </thead>
            <tbody>
              {usage.data.map(({ group, requests, tokensIn, tokensOut, usd }) => (
                <tr key={group}>
                  <th scope="row" className="mono">
                    {group || '—'}
                  </th>
                  <td className="num">{format.count(requests)}</td>
                  <td className="num">{format.count(tokensIn)}</td>
                  <td className="num">{format.count(tokensOut)}</td>
                  <td className="num">
                    {format.money(Number(usd))}
                    <i
                      className="llm-bar"
                      style={{ width: `${most > 0 ? (Number(usd) / most) * 100 : 0}%` }}
                    />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  )
}
