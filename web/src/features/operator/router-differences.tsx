import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Difference } from '../../../../src/services/router/router.contract.ts'
import { useApi } from '../../context.tsx'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Segmented } from '../../ui/field.tsx'
import { More, usePages } from '../../ui/pages.tsx'
import { ListState } from '../auth/list-state.tsx'
import { Verdict } from './verdict.tsx'

const PAGE = 20
const ENOUGH = 200

/** How both routers answered what was asked of both, the newest first. */
export function RouterDifferences() {
  const { t } = useTranslation()
  const api = useApi()
  const format = useFormat()
  const [shown, setShown] = useState<'different' | 'all'>('different')
  const pages = usePages({
    queryKey: ['router', 'differences', shown],
    page: (after) => api.router.differences({ limit: PAGE, after, different: shown === 'different' }),
    staleTime: 0,
  })
  const { items, first } = pages
  const compared = first?.compared ?? 0
  return (
    <section aria-labelledby="differences">
      <h2 id="differences">{t('operator.routers.differences')}</h2>
      {compared > 0 && first && (
        <p className="meta">
          {t('operator.routers.compared', {
            compared: format.count(compared),
            same: format.count(first.same),
            share: format.percent(Math.floor((first.same / compared) * 100) / 100),
          })}{' '}
          {compared < ENOUGH && t('operator.routers.tooFew', { enough: ENOUGH })}
        </p>
      )}
      <div className="row wrap after">
        <Segmented
          label={t('operator.routers.show')}
          value={shown}
          options={[
            { value: 'different', label: t('operator.routers.onlyDifferent') },
            { value: 'all', label: t('operator.routers.allCompared') },
          ]}
          onChange={setShown}
        />
        <Button small look="quiet" disabled={pages.isFetching} onClick={() => void pages.refetch()}>
          {t('operator.routers.look')}
        </Button>
      </div>
      <ListState
        query={{ data: items, error: pages.error, refetch: pages.refetch }}
        empty={t(compared === 0 ? 'operator.routers.nothingCompared' : 'operator.routers.noDifference')}
      />
      {items && items.length > 0 && (
        <ul className="rows">
          {items.map((difference) => (
            <Compared key={difference.id} of={difference} />
          ))}
        </ul>
      )}
      <More of={pages} />
    </section>
  )
}

function Compared({ of: { at, same, answered, fields, tookV1Ms, tookV2Ms } }: { of: Difference }) {
  const { t } = useTranslation()
  const format = useFormat()
  const took = (ms: number | null) => (ms === null ? '—' : format.seconds(ms))
  return (
    <li className="mdl">
      <div className="row wrap">
        <b className="grow">
          <time dateTime={at}>{format.moment(at)}</time>
        </b>
        <Verdict state={same ? 'same' : 'differs'} />
      </div>
      <p className="meta">
        {t('operator.routers.took', { router: answered, v1: took(tookV1Ms), v2: took(tookV2Ms) })}
      </p>
      {fields.length > 0 && (
        <dl className="rt-fields">
          {fields.map(({ field, v1, v2 }) => (
            <div key={field}>
              <dt className="mono">{field}</dt>
              <dd>
                <span className="meta">v1</span> <Told of={v1} />
              </dd>
              <dd>
                <span className="meta">v2</span> <Told of={v2} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  )
}

/** Words are told of by their length and likeness; all else is a value of the answer. */
function Told({ of: told }: { of: string }) {
  const { t } = useTranslation()
  const [, length, likeness = ''] = /^(\d+) characters, (\d+) % alike$/.exec(told) ?? []
  if (length === undefined) return <span className="mono">{told}</span>
  return t('operator.routers.alike', { length, likeness })
}
