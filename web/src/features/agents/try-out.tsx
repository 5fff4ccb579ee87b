import { useMutation, useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PromptKind } from '../../../../src/services/agents/registry.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError } from '../../ui/field.tsx'
import { Markdown } from '../city/markdown.tsx'

const LOOK_MS = 700

/** Asks an agent with the prompts as they stand in the editor; nothing is saved and nothing has an effect. */
export function TryOut({ agent, prompts }: { agent: string; prompts: Partial<Record<PromptKind, string>> }) {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const id = useId()
  const [question, setQuestion] = useState('')
  const ask = useMutation({
    mutationFn: async () =>
      (await api.agents.open({ agent, parts: [{ type: 'text', text: question }], prompts })).run,
  })
  const run = useQuery({
    queryKey: ['run', ask.data, 'try'],
    enabled: ask.data !== undefined,
    queryFn: () => api.agents.run({ run: ask.data ?? '' }),
    refetchInterval: ({ state }) => (state.data?.finishedAt ? false : LOOK_MS),
  })
  const failure = ask.error ?? run.error
  const { data } = run
  return (
    <section className="grid gap-3 content-start" aria-label={t('agents.tryTitle')}>
      <h2>{t('agents.tryTitle')}</h2>
      <p className="meta">{t('agents.tryHint')}</p>
      <label htmlFor={id}>{t('agents.tryAsk')}</label>
      <textarea
        id={id}
        className="field"
        style={{ minHeight: 80 }}
        value={question}
        onChange={(event) => setQuestion(event.target.value)}
      />
      <Button disabled={question.trim() === '' || ask.isPending} onClick={() => ask.mutate()}>
        {t('agents.tryDo')}
      </Button>
      <FieldError error={failure ? sentenceOf(failureOf(failure), language) : undefined} />
      <div aria-live="polite">
        {data && !data.finishedAt && <p className="meta">{t('agents.trying')}</p>}
        {data?.text && <Markdown text={data.text} />}
        {data?.error && <FieldError error={sentenceOf(data.error, language)} />}
      </div>
    </section>
  )
}
