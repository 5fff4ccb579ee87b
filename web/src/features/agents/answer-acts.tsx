import './agents.css'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ChevronLeft, ChevronRight, Pencil, RotateCw, ThumbsDown, ThumbsUp } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useCity } from '../city/city-context.tsx'
import { useTalk } from '../city/talk-context.tsx'
import { AskOtherwise } from './ask-otherwise.tsx'

interface AnswerActsProps {
  /** The newest answer. */
  message: Message
  /** The one that is looked at. */
  shown: Message
  onShow(message: Message): void
}

/** What can be done with an answer: say what one thinks of it, have another one, page to the earlier ones. */
export function AnswerActs({ message, shown, onShow }: AnswerActsProps) {
  const { t, i18n } = useTranslation()
  const api = useApi()
  const say = useToast()
  const queries = useQueryClient()
  const language = useLanguage()
  const talk = useTalk()
  const { me } = useCity()
  const [later, setLater] = useState<readonly Message[]>([])
  const [why, setWhy] = useState<string | null>(null)
  const [otherwise, setOtherwise] = useState(false)
  const { run, replaces } = shown
  const key = ['feedback', run]
  const told = useQuery({
    queryKey: key,
    queryFn: () => api.agents.runFeedback({ run: run ?? '' }),
    enabled: run !== undefined,
  })
  const answered = useQuery({
    queryKey: ['run', run, 'asked'],
    queryFn: () => api.agents.run({ run: run ?? '' }),
    enabled: run !== undefined && shown.id !== message.id,
  })
  const refused = (failure: unknown) => say({ text: sentenceOf(failureOf(failure), language) })
  const rate = useMutation({
    mutationFn: (given: { verdict: 'up' | 'down' | null; reason?: string }) =>
      api.agents.rate({ run: run ?? '', ...given }),
    onSuccess: (now) => queries.setQueryData(key, now),
    onError: refused,
  })
  const agent = talk.find(message.replyTo ?? '')?.runs.find(({ id }) => id === message.run)?.agent
  const again = useMutation({
    mutationFn: () =>
      api.city.retryRun({
        room: message.room,
        message: message.replyTo ?? '',
        agent,
        again: true,
      }),
    onSuccess: talk.put,
    onError: refused,
  })
  const back = useMutation({
    mutationFn: () => api.city.message({ room: message.room, message: replaces ?? '' }),
    onSuccess: (earlier) => {
      setLater([shown, ...later])
      onShow(earlier)
    },
    onError: refused,
  })
  // The words of what comes late come late too.
  if (run === undefined || !i18n.exists('agents.good')) return null
  const mine = told.data?.mine?.verdict
  const judge = (verdict: 'up' | 'down') => {
    const taken = mine === verdict
    rate.mutate({ verdict: taken ? null : verdict })
    setWhy(verdict === 'down' && !taken ? '' : null)
  }
  const tell = (event: FormEvent) => {
    event.preventDefault()
    rate.mutate({ verdict: 'down', reason: why ?? '' }, { onSuccess: () => say({ text: t('agents.told') }) })
    setWhy(null)
  }
  const asked = message.replyTo === null ? undefined : talk.find(message.replyTo)
  const [next, ...rest] = later
  const was = shown.id === message.id ? undefined : answered.data?.question
  return (
    <>
      <IconButton
        icon={ThumbsUp}
        size="s"
        label={t('agents.good')}
        aria-pressed={mine === 'up'}
        onClick={() => judge('up')}
      />
      <IconButton
        icon={ThumbsDown}
        size="s"
        label={t('agents.bad')}
        aria-pressed={mine === 'down'}
        onClick={() => judge('down')}
      />
      {asked?.author.id === me.id && (
        <IconButton
          icon={RotateCw}
          size="s"
          label={t('agents.anew')}
          disabled={again.isPending}
          onClick={() => again.mutate()}
        />
      )}
      {asked?.author.id === me.id && (
        <IconButton
          icon={Pencil}
          size="s"
          label={t('agents.branch')}
          aria-expanded={otherwise}
          onClick={() => setOtherwise(!otherwise)}
        />
      )}
      {replaces !== undefined && (
        <IconButton
          icon={ChevronLeft}
          size="s"
          label={t('agents.earlier')}
          disabled={back.isPending}
          onClick={() => back.mutate()}
        />
      )}
      {next && (
        <IconButton
          icon={ChevronRight}
          size="s"
          label={t('agents.later')}
          onClick={() => {
            setLater(rest)
            onShow(next)
          }}
        />
      )}
      {otherwise && asked && (
        <AskOtherwise question={asked} agent={agent} onDone={() => setOtherwise(false)} />
      )}
      {was && was !== asked?.text && <p className="answer-asked">{t('agents.asked', { question: was })}</p>}
      {why !== null && (
        <form className="answer-why" onSubmit={tell}>
          <input
            className="in"
            aria-label={t('agents.why')}
            placeholder={t('agents.why')}
            maxLength={1000}
            value={why}
            onChange={({ target }) => setWhy(target.value)}
          />
          <Button small type="submit">
            {t('agents.tell')}
          </Button>
        </form>
      )}
    </>
  )
}
