import { CircleAlert, RotateCw } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { failureOf, sentenceOf } from '../../../i18n/failures.ts'
import { useLanguage } from '../../../i18n/format.ts'
import { Button } from '../../../ui/button.tsx'
import { Icon } from '../../../ui/icon.tsx'
import { piece } from '../../../ui/piece.tsx'
import { type PartViewProps, useRetryPart } from './part.ts'

const EngineMissing = piece(async () => (await import('./engine-missing.tsx')).EngineMissing)

/** Why a part was not heard or read, in one sentence, and the way to try again. */
export function PartFailure(props: PartViewProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const retry = useRetryPart(props)
  const { error } = props.part
  if (props.part.state !== 'failed' || !error) return null
  if (error.code === 'engine.model_missing') return <EngineMissing {...props} />
  return (
    <div className="read">
      <p className="fail" style={{ marginTop: 0 }}>
        <Icon of={CircleAlert} size="s" />
        <span>{sentenceOf(retry.error ? failureOf(retry.error) : error, language)}</span>
      </p>
      <div className="row">
        <Button small icon={RotateCw} disabled={retry.isPending} onClick={() => retry.mutate()}>
          {t('city.retry')}
        </Button>
      </div>
    </div>
  )
}
