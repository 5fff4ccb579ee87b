import { useQuery } from '@tanstack/react-query'
import { TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { RulesShown } from '../../../../src/services/router-v1/router-v1.contract.ts'
import { useApi } from '../../context.tsx'
import { Segmented } from '../../ui/field.tsx'
import { Banner } from '../../ui/states.tsx'
import { ListState } from '../auth/list-state.tsx'
import { DryRun } from './dry-run.tsx'

export type RouterName = 'v1' | 'v2'

/** The rules in force of each router, in the order they are tried, and a question put to them for show. */
export function RouterRules() {
  const { t } = useTranslation()
  const api = useApi()
  const [router, setRouter] = useState<RouterName>('v2')
  const rules = useQuery({
    queryKey: ['router', 'rules', router],
    queryFn: () => (router === 'v1' ? api.routerV1.rules({}) : api.routerV2.rules({})),
    staleTime: 0,
  })
  const { data } = rules
  return (
    <section aria-labelledby="rules">
      <h2 id="rules">{t('operator.routers.rules')}</h2>
      <p className="meta">{t('operator.routers.rulesHint')}</p>
      <div className="row wrap after">
        <Segmented
          label={t('operator.routers.which')}
          value={router}
          options={[
            { value: 'v1', label: 'Router v1' },
            { value: 'v2', label: 'Router v2' },
          ]}
          onChange={setRouter}
        />
      </div>
      {data && (
        <p className="meta rt-file">
          {t('operator.routers.file')} <span className="mono">{data.file}</span>
        </p>
      )}
      {data?.problem && (
        <Banner icon={TriangleAlert} bad>
          <span className="grow">
            {t('operator.routers.problem')}{' '}
            {data.problem.line !== null && t('operator.routers.line', { line: data.problem.line })}{' '}
            <span lang="en">{data.problem.message}</span>
          </span>
        </Banner>
      )}
      <ListState query={{ ...rules, data: data?.rules }} empty={t('operator.routers.noRules')} />
      {data && <Rules of={data} />}
      <DryRun key={router} router={router} />
    </section>
  )
}

function Rules({ of: { rules, defaults } }: { of: RulesShown }) {
  const { t } = useTranslation()
  return (
    <ol className="rows">
      {rules.map(({ name, about, priority, when, use }) => (
        <li className="mdl" key={name}>
          <div className="row wrap">
            <b className="grow">{name}</b>
            <span className="meta num">{t('operator.routers.priority', { priority })}</span>
          </div>
          {about && <p className="meta">{about}</p>}
          <Said label={t('operator.routers.when')} of={when} empty={t('operator.routers.always')} />
          <Said label={t('operator.routers.use')} of={use} empty="—" />
        </li>
      ))}
      <li className="mdl">
        <b>{t('operator.routers.defaults')}</b>
        <Said label={t('operator.routers.use')} of={defaults} empty="—" />
      </li>
    </ol>
  )
}

/** A piece of the file, on one line. */
function Said({ label, of, empty }: { label: string; of: Readonly<Record<string, unknown>>; empty: string }) {
  const pairs = Object.entries(of).filter(([, value]) => value !== undefined && value !== null)
  return (
    <p className="rt-said">
      <span className="meta">{label}</span>{' '}
      {pairs.length === 0 ? (
        <span>{empty}</span>
      ) : (
        <code className="mono">{pairs.map(([key, value]) => `${key}: ${written(value)}`).join(' · ')}</code>
      )}
    </p>
  )
}

function written(value: unknown): string {
  if (Array.isArray(value)) return value.map(written).join(', ')
  if (typeof value !== 'object' || value === null) return String(value)
  return `{${Object.entries(value)
    .map(([key, inner]) => `${key}: ${written(inner)}`)
    .join(', ')}}`
}
