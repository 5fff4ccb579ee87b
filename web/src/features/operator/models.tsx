import { Download } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { LocalModel } from '../../../../src/services/multimodal-gateway/multimodal-gateway.contract.ts'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError } from '../../ui/field.tsx'
import { Meter } from '../../ui/states.tsx'
import { ListState } from '../auth/list-state.tsx'
import { STALE_MS } from './readiness.ts'
import { useModels, usePull } from './use-models.ts'
import { Verdict } from './verdict.tsx'

/** The models of this machine, with a button that installs what is missing and how far that is. */
export function Models({ now }: { now: number }) {
  const { t } = useTranslation()
  const models = useModels()
  const stale = now - models.dataUpdatedAt > STALE_MS
  return (
    <section aria-labelledby="models">
      <h2 id="models">{t('operator.models')}</h2>
      <p className="meta">{t('operator.modelsHint')}</p>
      <ListState query={models} empty={t('operator.noModels')} />
      {models.data && models.data.length > 0 && (
        <ul className="rows">
          {models.data.map((model) => (
            <Model key={model.name} of={model} stale={stale} />
          ))}
        </ul>
      )}
    </section>
  )
}

function Model({ of: model, stale }: { of: LocalModel; stale: boolean }) {
  const { t } = useTranslation()
  const format = useFormat()
  const pull = usePull(model.name)
  const { name, purpose, licence, sizeBytes, doneBytes, state } = model
  const failure = pull.error ? failureOf(pull.error) : model.error
  const about = [t(`operator.purpose.${purpose}`), format.bytes(sizeBytes), t('city.licence', { licence })]
  const installs = state === 'missing' || state === 'broken'
  return (
    <li className="mdl">
      <div className="row wrap">
        <b className="mono grow">{name}</b>
        <Verdict state={stale ? 'none' : state} />
        {installs && (
          <Button
            small
            icon={Download}
            disabled={pull.isPending}
            aria-label={`${t('city.install')} ${name}`}
            onClick={() => pull.mutate()}
          >
            {t('city.install')}
          </Button>
        )}
      </div>
      <p className="meta">{about.join(' · ')}</p>
      {state === 'pulling' && (
        <>
          <Meter share={doneBytes / Math.max(1, sizeBytes)} label={t('city.installing', { model: name })} />
          <p className="meta num">
            {t('city.bytesOf', { done: format.bytes(doneBytes), total: format.bytes(sizeBytes) })}
          </p>
        </>
      )}
      <FieldError error={failure && state !== 'ready' ? sentenceOf(failure, format.language) : undefined} />
    </li>
  )
}
