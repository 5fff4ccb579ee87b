import { Link } from '@tanstack/react-router'
import { Check, Download, Link as LinkIcon, Pencil } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { LocalModel } from '../../../../src/services/multimodal-gateway/multimodal-gateway.contract.ts'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Meter } from '../../ui/states.tsx'
import { useModels, usePull } from './use-models.ts'

/** What an owner does first in a city where nobody has spoken yet. */
export function FirstSteps({ onWrite }: { onWrite: () => void }) {
  const { t, i18n } = useTranslation()
  const models = useModels()
  const missing = models.data?.filter(isFirst) ?? []
  // Its words come a moment after the room's.
  if (!i18n.exists('operator.firstSteps')) return null
  return (
    <ol className="start" aria-label={t('operator.firstSteps')}>
      <Step n={1} done title={t('operator.step.owner')} about={t('operator.step.ownerHint')} />
      <Step n={2} title={t('operator.step.hello')} about={t('operator.step.helloHint')}>
        <Button small look="primary" icon={Pencil} onClick={onWrite}>
          {t('city.writeFirst')}
        </Button>
      </Step>
      <Step n={3} title={t('operator.step.invite')} about={t('operator.step.inviteHint')}>
        <Link className="btn btn-s" to="/account" hash="invitations">
          <Icon of={LinkIcon} size="s" />
          {t('common.invite')}
        </Link>
      </Step>
      <Step n={4} title={t('operator.step.document')} about={t('operator.step.documentHint')} />
      {missing.map((model, at) => (
        <ModelStep key={model.name} n={5 + at} of={model} />
      ))}
    </ol>
  )
}

/** What hears and what understands come first; the others wait on the operator’s page. */
const isFirst = (model: LocalModel): model is FirstModel =>
  model.state !== 'ready' && (model.purpose === 'stt' || model.purpose === 'embeddings')

type FirstModel = LocalModel & { readonly purpose: 'stt' | 'embeddings' }

interface StepProps {
  n: number
  title: string
  about: ReactNode
  done?: boolean
  children?: ReactNode
}

function Step({ n, title, about, done, children }: StepProps) {
  const { t } = useTranslation()
  return (
    <li className={done ? 'done' : ''}>
      <span className="no">
        {done ? (
          <>
            <Icon of={Check} size="s" />
            <span className="vh">{t('operator.step.done')}</span>
          </>
        ) : (
          n
        )}
      </span>
      <b>{title}</b>
      <div className="meta">{about}</div>
      {children && <span className="do">{children}</span>}
    </li>
  )
}

function ModelStep({ n, of: model }: { n: number; of: FirstModel }) {
  const { t } = useTranslation()
  const format = useFormat()
  const pull = usePull(model.name)
  const { purpose, sizeBytes, doneBytes, state, name } = model
  const failure = pull.error ? failureOf(pull.error) : model.error
  const pulling = state === 'pulling'
  const size = format.bytes(sizeBytes)
  return (
    <Step
      n={n}
      title={pulling ? t('city.installing', { model: name }) : t(`operator.step.${purpose}`, { size })}
      about={
        pulling ? (
          <>
            <Meter share={doneBytes / Math.max(1, sizeBytes)} label={t('city.installing', { model: name })} />
            {t('city.bytesOf', { done: format.bytes(doneBytes), total: size })}
          </>
        ) : (
          <>
            {t(`operator.step.${purpose}Hint`)}
            <FieldError error={failure && sentenceOf(failure, format.language)} />
          </>
        )
      }
    >
      {!pulling && (
        <Button
          small
          icon={Download}
          aria-label={`${t('city.install')} ${name}`}
          disabled={pull.isPending}
          onClick={() => pull.mutate()}
        >
          {t('city.install')}
        </Button>
      )}
    </Step>
  )
}
