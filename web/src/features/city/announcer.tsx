import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Message } from '../../../../src/services/city/messages.contract.ts'

const MOST = 600

/** Tells screen readers the finished answers of agents that came after a number, never the letters as they come, nor history. */
export function Announcer({ messages, after }: { messages: readonly Message[]; after: number }) {
  const { t } = useTranslation()
  const known = useRef(Math.max(after, messages.at(-1)?.seq ?? 0))
  const [said, setSaid] = useState('')
  useEffect(() => {
    const fresh = messages.filter(({ seq, author }) => seq > known.current && author.kind === 'agent')
    known.current = Math.max(known.current, messages.at(-1)?.seq ?? 0)
    const last = fresh.at(-1)
    if (last) setSaid(`${t('city.answerReady', { name: last.author.name })}. ${last.text.slice(0, MOST)}`)
  }, [messages, t])
  return (
    <div className="vh" aria-live="polite">
      {said}
    </div>
  )
}
