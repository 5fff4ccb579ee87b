import { useMutation } from '@tanstack/react-query'
import { CircleAlert, RotateCw } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { CalledRun, Message } from '../../../../src/services/city/messages.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { useCity } from './city-context.tsx'
import { useAgentName } from './members.ts'
import { useTalk } from './talk-context.tsx'

/** What became of the agents a message called, where it was not an answer. */
export function RunNotices({ message }: { message: Message }) {
  const ended = latest(message.runs).filter(({ state }) => state === 'failed' || state === 'cancelled')
  return ended.map((run) => <Notice key={run.id} message={message} run={run} />)
}

function Notice({ message, run }: { message: Message; run: CalledRun }) {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const talk = useTalk()
  const { me } = useCity()
  const name = useAgentName(run.agent)
  const again = useMutation({
    mutationFn: () => api.city.retryRun({ room: message.room, message: message.id, agent: run.agent }),
    onSuccess: talk.put,
  })
  const failed = run.state === 'failed'
  const refused = again.error ? sentenceOf(failureOf(again.error), language) : ''
  return (
    <div className="grid justify-items-start gap-2">
      <p className={failed ? 'fail' : 'wait'} role={failed ? 'alert' : undefined}>
        <Icon of={CircleAlert} size="s" />
        <span>
          {failed ? t('city.runFailed', { name }) : t('city.runCancelled', { name })}{' '}
          {refused || (run.error && failed ? sentenceOf(run.error, language) : '')}
        </span>
      </p>
      {message.author.id === me.id && (
        <Button small icon={RotateCw} disabled={again.isPending} onClick={() => again.mutate()}>
          {t('city.askAgain')}
        </Button>
      )}
    </div>
  )
}

/** The newest run of each agent: an earlier one was tried again. */
function latest(runs: readonly CalledRun[]): CalledRun[] {
  return [...new Map(runs.map((run) => [run.agent, run])).values()]
}
