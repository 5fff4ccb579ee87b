import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { useFormat } from '../../i18n/format.ts'
import { ListState } from '../auth/list-state.tsx'
import { DOORS } from './doors.ts'

/** What engines were used for, for those who run the city. */
export function UsageList() {
  const { t } = useTranslation()
  const api = useApi()
  const format = useFormat()
  const usage = useQuery({
    queryKey: ['multimodal-usage'],
    queryFn: async () => (await api.gateway.usage({})).items,
  })
  return (
    <section aria-labelledby="usage">
      <h2 id="usage">{t('multimodal.usage')}</h2>
      <ListState query={usage} empty={t('multimodal.noUsage')} />
      {usage.data && usage.data.length > 0 && (
        <ul className="rows">
          {usage.data.map(({ amount, cached, group, requests, unit }) => {
            const door = DOORS.find((one) => one === group)
            return (
              <li className="set" key={`${group} ${unit}`}>
                <b>{door ? t(`multimodal.doors.${door}`) : group}</b>
                <span className="meta">
                  {t('multimodal.usageLine', {
                    amount: format.count(amount),
                    unit: t(`multimodal.unit.${unit}`),
                    requests: format.count(requests),
                    cached: format.count(cached),
                  })}
                </span>
              </li>
            )
          })}
        </ul>
      )}
    </section>
  )
}
