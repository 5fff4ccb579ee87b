import { lazy, type ReactNode, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Citation, Message } from '../../../../src/services/city/messages.contract.ts'
import { Markdown } from './markdown.tsx'
import { RunTrace } from './run-trace.tsx'
import { useTalk } from './talk-context.tsx'

const Listen = lazy(async () => ({ default: (await import('../listening/listen.tsx')).Listen }))
const AnswerActs = lazy(async () => ({ default: (await import('../agents/answer-acts.tsx')).AnswerActs }))

/** What an agent said: on its patina sheet, with its sources and how it came to be. */
export function AgentAnswer({ message: newest }: { message: Message }) {
  const [earlier, setEarlier] = useState<Message | null>(null)
  const message = earlier ?? newest
  const { citations = [], run } = message
  return (
    <>
      <div className="says">
        <Markdown text={message.text} cite={useCite(citations)} />
        <Sources citations={citations} />
      </div>
      <div className="stopper">
        <div className="grow">{run !== undefined && <RunTrace run={run} />}</div>
        <Suspense>
          <AnswerActs
            message={newest}
            shown={message}
            onShow={(one) => setEarlier(one.id === newest.id ? null : one)}
          />
          <Listen message={message} />
        </Suspense>
      </div>
    </>
  )
}

/** Makes the chip of a source out of its number, where there is such a source. */
function useCite(citations: readonly Citation[]): (n: number, key: string) => ReactNode {
  const { t } = useTranslation()
  const talk = useTalk()
  return (n, key) =>
    citations.some((citation) => citation.n === n) ? (
      <button
        key={key}
        type="button"
        className="cite"
        aria-label={t('city.sourceN', { n })}
        onClick={() => talk.cite(citations, n)}
      >
        {n}
      </button>
    ) : null
}

function Sources({ citations }: { citations: readonly Citation[] }) {
  const { t } = useTranslation()
  const talk = useTalk()
  if (citations.length === 0) return null
  return (
    <ul className="srcs" aria-label={t('city.sources')}>
      {citations.map((citation) => (
        <li key={citation.n} className="max-w-full">
          <button type="button" className="src" onClick={() => talk.cite(citations, citation.n)}>
            <span className="cite">{citation.n}</span>
            <span className="trim">{citation.title}</span>
            {citation.page !== undefined && (
              <span className="shrink-0 num">{t('city.page', { page: citation.page })}</span>
            )}
          </button>
        </li>
      ))}
    </ul>
  )
}
