import { Square } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CalledRun, Message } from '../../../../src/services/city/messages.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Button } from '../../ui/button.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useCity } from './city-context.tsx'
import { Markdown } from './markdown.tsx'
import { useAgentName } from './members.ts'
import type { Stream } from './timeline.ts'
import { isStep } from './typing-line.tsx'

const ApprovalCards = lazy(async () => ({
  default: (await import('../agents/approval-cards.tsx')).ApprovalCards,
}))
const PlanCard = lazy(async () => ({ default: (await import('../agents/plan-card.tsx')).PlanCard }))

interface AgentStreamProps {
  run: CalledRun
  /** The message that called it. */
  asked: Message
  stream: Stream
}

/** An answer as it is written. Stop stays on screen throughout; who asked may press it. */
export function AgentStream({ run, asked, stream }: AgentStreamProps) {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const say = useToast()
  const { me } = useCity()
  const name = useAgentName(run.agent)
  const [stopping, setStopping] = useState(false)
  const stop = async () => {
    setStopping(true)
    try {
      await api.agents.cancel({ run: run.id })
    } catch (cause) {
      setStopping(false)
      say({ text: `${t('city.stopFailed')} ${sentenceOf(failureOf(cause), language)}` })
    }
  }
  const now = isStep(stream.step) ? t(`city.stepNow.${stream.step}`) : t(`city.runState.${run.state}`)
  return (
    <article className="msg" aria-busy="true">
      <Avatar of={{ id: run.agent, kind: 'agent', name }} lit="breathe" />
      <div className="body">
        <div className="by">
          <b>{name}</b>
          <span className="tag tag-p">{t('common.agent')}</span>
          <span className="meta" style={{ fontSize: 'var(--text-xs)' }}>
            {t('city.answering', { name: asked.author.name })}
          </span>
        </div>
        {stream.text !== '' && (
          <div className="says">
            <Markdown text={stream.text} end={<span className="caret" />} />
          </div>
        )}
        {stream.step !== 'model' && (
          <Suspense>
            <PlanCard run={run.id} />
            <ApprovalCards run={run.id} />
          </Suspense>
        )}
        <div className="stopper">
          <div className="trace grow">
            <span className="inline-flex min-h-[30px] items-center">{now}</span>
          </div>
          {asked.author.id === me.id && (
            <Button small look="quiet" icon={Square} disabled={stopping} onClick={() => void stop()}>
              {t('city.stop')}
            </Button>
          )}
        </div>
      </div>
    </article>
  )
}
