import { useMutation, useQuery } from '@tanstack/react-query'
import { TriangleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { ModelsShown, ShownModel } from '../../../../src/services/llm-proxy/operator.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError } from '../../ui/field.tsx'
import { Banner } from '../../ui/states.tsx'
import { ListState } from '../auth/list-state.tsx'
import { Verdict } from './verdict.tsx'

const REFRESH_MS = 10_000

/** Providers, models and aliases, and how each model is doing; one press asks a model for a word. */
export function LlmModels() {
  const { t } = useTranslation()
  const api = useApi()
  const shown = useQuery({
    queryKey: ['llm', 'models'],
    queryFn: () => api.llm.shown({}),
    refetchInterval: REFRESH_MS,
    staleTime: 0,
  })
  const { data } = shown
  return (
    <section aria-labelledby="llm-models">
      <h2 id="llm-models">{t('operator.llm.models')}</h2>
      {data?.file?.problem && (
        <Banner icon={TriangleAlert} bad>
          <span className="grow">
            {t('operator.llm.problem')} <span lang="en">{data.file.problem.message}</span>
          </span>
        </Banner>
      )}
      <ListState query={{ ...shown, data: data?.models }} empty={t('operator.llm.none')} />
      {data && (
        <ul className="rows">
          {data.models.map((model) => (
            <Model key={model.id} of={model} />
          ))}
        </ul>
      )}
      {data && <Aliases of={data} />}
      {data && data.providers.length > 0 && <Providers of={data} />}
    </section>
  )
}

function Model({ of: model }: { of: ShownModel }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { id, provider, kind, capabilities, context, price, local, state, restsMs, failed, latencyMs } = model
  const about = [
    provider,
    ...(kind === 'embeddings' ? [t('operator.llm.embeds')] : []),
    ...(capabilities ?? []),
    ...(context === null ? [] : [t('operator.llm.context', { tokens: format.count(context) })]),
    ...(price === null
      ? []
      : [t('operator.llm.price', { in: format.money(price.in), out: format.money(price.out) })]),
    t(local ? 'operator.llm.local' : 'operator.llm.foreign'),
    ...(latencyMs === null ? [] : [t('operator.llm.latency', { time: format.seconds(latencyMs) })]),
  ]
  return (
    <li className="mdl">
      <div className="row wrap">
        <b className="mono grow llm-name">{id}</b>
        <Verdict state={state === 'ok' ? 'ok' : state === 'rests' ? 'cooling' : 'degraded'} />
        <Try model={id} />
      </div>
      <p className="meta llm-name">{about.join(' · ')}</p>
      {restsMs > 0 && <p className="meta">{t('operator.llm.rests', { time: format.seconds(restsMs) })}</p>}
      {failed && (
        <p className="meta llm-failed">
          {t('operator.llm.failed', { at: format.moment(failed.at) })}{' '}
          {sentenceOf(failed.error, format.language)}
        </p>
      )}
    </li>
  )
}

function Try({ model }: { model: string }) {
  const { t } = useTranslation()
  const api = useApi()
  const format = useFormat()
  const ask = useMutation({ mutationFn: () => api.llm.tryModel({ model }) })
  const { data } = ask
  const failure = ask.error ? failureOf(ask.error) : data?.error
  return (
    <>
      <Button
        small
        disabled={ask.isPending}
        aria-label={t('operator.llm.tryOne', { model })}
        onClick={() => ask.mutate()}
      >
        {t('operator.llm.try')}
      </Button>
      <div className="llm-tried" aria-live="polite">
        {data && !data.error && (
          <p className="meta">
            {t('operator.llm.answered', { time: format.seconds(data.ms) })} {data.said}
          </p>
        )}
        <FieldError error={failure ? sentenceOf(failure, format.language) : undefined} />
      </div>
    </>
  )
}

function Aliases({ of: { aliases } }: { of: ModelsShown }) {
  const { t } = useTranslation()
  return (
    <>
      <h3 className="after">{t('operator.llm.aliases')}</h3>
      <p className="meta">{t('operator.llm.aliasesHint')}</p>
      <ul className="rows">
        {aliases.map(({ name, sticky, use }) => (
          <li className="mdl" key={name}>
            <div className="row wrap">
              <b className="mono grow llm-name">{name}</b>
              {sticky && <span className="meta">{t('operator.llm.sticky')}</span>}
            </div>
            <p className="meta llm-name">
              {use
                .map(({ model, weight, conditional }) =>
                  [
                    model,
                    ...(weight === null ? [] : [t('operator.llm.weight', { weight })]),
                    ...(conditional ? [t('operator.llm.conditional')] : []),
                  ].join(' '),
                )
                .join(' → ')}
            </p>
          </li>
        ))}
      </ul>
    </>
  )
}

function Providers({ of: { providers } }: { of: ModelsShown }) {
  const { t } = useTranslation()
  return (
    <>
      <h3 className="after">{t('operator.llm.providers')}</h3>
      <ul className="rows">
        {providers.map(({ name, url, key, local }) => (
          <li className="mdl" key={name}>
            <b className="mono llm-name">{name}</b>
            <p className="meta llm-name">
              {[
                url,
                key === null ? t('operator.llm.noKey') : t('operator.llm.key', { key }),
                t(local ? 'operator.llm.local' : 'operator.llm.foreign'),
              ].join(' · ')}
            </p>
          </li>
        ))}
      </ul>
    </>
  )
}
