import { useMutation } from '@tanstack/react-query'
import { ChartBarBig } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Message, Poll } from '../../../../src/services/city/messages.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat, useLanguage } from '../../i18n/format.ts'
import { FieldError } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { useTalk } from '../city/talk-context.tsx'

/** A poll with its votes as they stand; a press votes, another takes it back. It decides nothing and says so. */
export function PollCard({ message, poll, open }: { message: Message; poll: Poll; open: boolean }) {
  const { t } = useTranslation()
  const api = useApi()
  const format = useFormat()
  const language = useLanguage()
  const talk = useTalk()
  const closed = poll.closesAt !== null && Date.parse(poll.closesAt) <= Date.now()
  const vote = useMutation({
    mutationFn: (options: number[]) => api.city.vote({ message: message.id, options }),
    onSuccess: talk.put,
  })
  const stored = poll.options.flatMap((option, i) => (option.mine ? [i] : []))
  // What was pressed shows at once; the numbers follow.
  const mine = vote.isPending ? vote.variables : stored
  const press = (i: number) => {
    if (mine.includes(i)) return vote.mutate(mine.filter((one) => one !== i))
    vote.mutate(poll.multiple ? [...mine, i] : [i])
  }
  const until = poll.closesAt === null ? '' : t('talk.pollUntil', { time: format.moment(poll.closesAt) })
  return (
    <div className="att card">
      <div className="card-b">
        <div className="row meta poll-head">
          <Icon of={ChartBarBig} size="s" />
          <span className="grow">{t('talk.pollNothing')}</span>
          <span>{closed ? t('talk.pollClosed') : until}</span>
        </div>
        <fieldset className="poll" disabled={closed || !open}>
          <legend>{poll.question}</legend>
          {poll.options.map((option, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: an option is its place
            <label key={i} title={option.names.join(', ') || undefined}>
              <i style={{ width: `${poll.voters === 0 ? 0 : (100 * option.votes) / poll.voters}%` }} />
              <input
                type={poll.multiple ? 'checkbox' : 'radio'}
                name={`poll-${message.id}`}
                checked={mine.includes(i)}
                onChange={() => press(i)}
                onClick={() => !poll.multiple && mine.includes(i) && press(i)}
              />
              <span>{option.text}</span>
              <span className="meta num">{format.count(option.votes)}</span>
            </label>
          ))}
        </fieldset>
        <FieldError error={vote.error ? sentenceOf(failureOf(vote.error), language) : undefined} />
      </div>
      <div className="card-f meta">
        <span className="grow">
          {[
            t('talk.pollVoters', { count: poll.voters }),
            poll.multiple ? t('talk.pollMany') : '',
            t(poll.anonymous ? 'talk.pollSecret' : 'talk.pollNamed'),
          ].join(' ')}
        </span>
      </div>
    </div>
  )
}
