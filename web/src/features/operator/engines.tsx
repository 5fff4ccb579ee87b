import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { ListState } from '../auth/list-state.tsx'
import { STALE_MS } from './readiness.ts'
import { Why } from './told.tsx'
import { Verdict } from './verdict.tsx'

const REFRESH_MS = 10_000
const KNOWN = [
  'stt',
  'tts',
  'ocr',
  'vision',
  'parser',
  'search',
  'reader',
  'embeddings',
  'rerank',
  'vectors',
] as const

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
      <p className="meta">
        <Link to="/multimodal">{t('multimodal.try')}</Link>
      </p>
      <ListState query={engines} empty={t('operator.noEngines')} />
      {engines.data && engines.data.length > 0 && (
        <ul className="rows">
          {engines.data.map(({ engine, driver, state, detail, code, params }) => {
            const known = KNOWN.find((one) => one === engine)
            return (
              <li className="mdl" key={`${engine} ${driver}`}>
                <div className="row wrap">
                  <b className="grow">
                    {known ? t(`operator.engine.${known}`) : engine} <span className="mono">{driver}</span>
                  </b>
                  <Verdict state={stale ? 'none' : state} />
                </div>
                <Why of={{ detail, code, params }} />
              </li>
            )
          })}
        </ul>
      )}
    </section>
  )
}
