import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { CopyLine } from '../../ui/key-once.tsx'
import { ListState } from '../auth/list-state.tsx'
import { parted, STALE_MS } from './readiness.ts'
import { Verdict } from './verdict.tsx'

const REFRESH_MS = 10_000
const KNOWN = ['stt', 'ocr', 'parser'] as const

/** The engines behind the gateway, and what each is driven by. */
export function Engines({ now }: { now: number }) {
  const { t } = useTranslation()
  const api = useApi()
  const engines = useQuery({
    queryKey: ['engines'],
    queryFn: async () => (await api.gateway.engines({})).items,
    refetchInterval: REFRESH_MS,
    staleTime: 0,
  })
  const stale = now - engines.dataUpdatedAt > STALE_MS
  return (
    <section aria-labelledby="engines">
      <h2 id="engines">{t('operator.engines')}</h2>
      <ListState query={engines} empty={t('operator.noEngines')} />
      {engines.data && engines.data.length > 0 && (
        <ul className="rows">
          {engines.data.map(({ engine, driver, state, detail }) => {
            const known = KNOWN.find((one) => one === engine)
            const told = parted(detail ?? '')
            return (
              <li className="mdl" key={`${engine} ${driver}`}>
                <div className="row wrap">
                  <b className="grow">
                    {known ? t(`operator.engine.${known}`) : engine} <span className="mono">{driver}</span>
                  </b>
                  <Verdict state={stale ? 'none' : state} />
                </div>
                {told.detail !== null && (
                  <p className="meta" lang="en">
                    {told.detail}
                  </p>
                )}
                {told.command !== null && (
                  <CopyLine text={told.command} words={t('auth.copyWords', { returnObjects: true })} />
                )}
              </li>
            )
          })}
        </ul>
      )}
    </section>
  )
}
