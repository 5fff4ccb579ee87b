import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { MAX_TEXT, type Message } from '../../../../src/services/city/messages.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError } from '../../ui/field.tsx'
import { useTalk } from '../city/talk-context.tsx'

interface AskOtherwiseProps {
  /** The question as it stands. */
  question: Message
  /** Who answers it anew. */
  agent: string | undefined
  onDone(): void
}

/** One's question in other words, for another answer; what was answered before stays with the question it answers. */
export function AskOtherwise({ question, agent, onDone }: AskOtherwiseProps) {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const talk = useTalk()
  const [text, setText] = useState(question.text)
  const ask = useMutation({
    mutationFn: () =>
      api.city.retryRun({ room: question.room, message: question.id, agent, again: true, text: text.trim() }),
    onSuccess: (changed) => {
      talk.put(changed)
      onDone()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!ask.isPending) ask.mutate()
  }
  return (
    <form className="ask-otherwise" onSubmit={submit}>
      <textarea
        className="in"
        rows={3}
        aria-label={t('agents.branchText')}
        // biome-ignore lint/a11y/noAutofocus: it was opened to be written in
        autoFocus
        maxLength={MAX_TEXT}
        value={text}
        onChange={({ target }) => setText(target.value)}
        onKeyDown={(event) => {
          event.stopPropagation()
          if (event.key === 'Escape') onDone()
        }}
      />
      <p className="meta">{t('agents.branchHint')}</p>
      <FieldError error={ask.error ? sentenceOf(failureOf(ask.error), language) : undefined} />
      <div className="row">
        <Button small look="primary" type="submit" disabled={ask.isPending || text.trim() === ''}>
          {t('agents.branchDo')}
        </Button>
        <Button small look="quiet" onClick={onDone}>
          {t('common.cancel')}
        </Button>
      </div>
    </form>
  )
}
