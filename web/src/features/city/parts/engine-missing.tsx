import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Cpu, Download } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { isOperator } from '../../../../../src/kernel/principal.ts'
import type { LocalModel } from '../../../../../src/services/multimodal-gateway/multimodal-gateway.contract.ts'
import { useApi } from '../../../context.tsx'
import { failureOf, sentenceOf } from '../../../i18n/failures.ts'
import { useFormat } from '../../../i18n/format.ts'
import { Button } from '../../../ui/button.tsx'
import { Icon } from '../../../ui/icon.tsx'
import { Meter } from '../../../ui/states.tsx'
import { useCity } from '../city-context.tsx'
import { type PartViewProps, useRetryPart } from './part.ts'

const PULLING_MS = 1_000

/** What is missing, how large it is and who may install it. For an operator it is a button with progress; once the model is there the part is tried again by itself. */
export function EngineMissing(props: PartViewProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const { me } = useCity()
  const retry = useRetryPart(props)
  const { model, pull } = useModel(String(props.part.error?.params?.model ?? ''))
  const operator = isOperator(me)
  const ready = model?.state === 'ready'
  const waited = useRef(false)
  const again = retry.mutate
  useEffect(() => {
    if (model && model.state !== 'ready') waited.current = true
    if (ready && waited.current) {
      waited.current = false
      again()
    }
  }, [model, ready, again])

  const name = model?.name ?? String(props.part.error?.params?.model ?? '')
  const title =
    props.part.type === 'audio'
      ? t('city.modelMissing.speech')
      : t('city.modelMissing.other', { model: name })
  if (model?.state === 'pulling') return <Pulling model={model} />
  const thrown = pull.error ?? retry.error
  const failure = thrown ? failureOf(thrown) : model?.error
  return (
    <div className="read">
      <div className="note" style={{ margin: 0, border: 0, padding: 0 }}>
        <Icon of={Cpu} />
        <div className="grow">
          <p>
            <b>{ready ? t('city.installed') : title}</b> {!ready && !operator && t('city.modelMissingMember')}
            {!ready && model && t('city.modelMissingOwner', { size: format.bytes(model.sizeBytes) })}{' '}
            {model?.state === 'broken' && t('city.installBroken')}
          </p>
          {model && !ready && <p className="meta">{t('city.licence', { licence: model.licence })}</p>}
          {failure && <p className="fail">{sentenceOf(failure, format.language)}</p>}
          <div className="row wrap">
            {operator && model && !ready && (
              <Button
                small
                look="primary"
                icon={Download}
                disabled={pull.isPending}
                onClick={() => pull.mutate()}
              >
                {t('city.install')}
              </Button>
            )}
            {(ready || !operator) && (
              <Button small disabled={retry.isPending} onClick={() => retry.mutate()}>
                {t('city.retry')}
              </Button>
            )}
          </div>
        </div>
      </div>
    </div>
  )
}

function Pulling({ model }: { model: LocalModel }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { doneBytes, sizeBytes, name } = model
  return (
    <div className="read">
      <div className="note" style={{ margin: 0, border: 0, padding: 0 }}>
        <Icon of={Download} />
        <div className="grow grid gap-2">
          <p>
            <b>{t('city.installing', { model: name })}</b>
          </p>
          <Meter share={doneBytes / Math.max(1, sizeBytes)} label={t('city.installing', { model: name })} />
          <p className="meta num">
            {t('city.bytesOf', { done: format.bytes(doneBytes), total: format.bytes(sizeBytes) })}
          </p>
        </div>
      </div>
    </div>
  )
}

/** The model of that name as it stands, for an operator; looked at each second while it comes in. */
function useModel(name: string) {
  const api = useApi()
  const queries = useQueryClient()
  const { me } = useCity()
  const models = useQuery({
    queryKey: ['models'],
    queryFn: async () => (await api.gateway.models({})).items,
    enabled: isOperator(me),
    refetchInterval: ({ state }) =>
      state.data?.some((model) => model.state === 'pulling') ? PULLING_MS : false,
  })
  const model = models.data?.find((one) => one.name === name)
  const pull = useMutation({
    mutationFn: () => api.gateway.pullModel({ model: name }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['models'] }),
  })
  return { model, pull }
}
