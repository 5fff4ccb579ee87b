import { type KeyboardEvent, type RefObject, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Agent } from '../../../../src/services/agents/agents.contract.ts'
import type { Author } from '../../../../src/services/city/messages.contract.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { complete, type Mentionable, mentionAt, suggest } from './mentions.ts'

interface MentionsNeeds {
  area: RefObject<HTMLTextAreaElement | null>
  text: string
  setText: (text: string) => void
  members: readonly Author[] | undefined
  agents: readonly Agent[] | undefined
}

/** Who may be meant by the name at the caret. Arrows choose, Enter or Tab takes, Esc leaves it as written. */
export function useMentions({ area, text, setText, members = [], agents = [] }: MentionsNeeds) {
  const [written, setWritten] = useState<string | null>(null)
  const [at, setAt] = useState(0)
  const all = useMemo<Mentionable[]>(
    () => [
      ...agents.map(({ id, slug, name }) => ({ id, kind: 'agent' as const, name, handle: slug })),
      ...members
        .filter(({ kind }) => kind === 'person')
        .map(({ id, kind, name }) => ({ id, kind, name, handle: name.split(/\s+/)[0] ?? name })),
    ],
    [agents, members],
  )
  const found = written === null ? [] : suggest(all, written)
  const open = found.length > 0
  const look = () => {
    requestAnimationFrame(() => {
      const element = area.current
      if (!element) return
      setWritten(mentionAt(element.value, element.selectionStart))
      setAt(0)
    })
  }
  const take = (who: Mentionable) => {
    const element = area.current
    if (!element) return
    const next = complete(text, element.selectionStart, who.handle)
    setText(next.text)
    setWritten(null)
    requestAnimationFrame(() => {
      element.focus()
      element.setSelectionRange(next.caret, next.caret)
    })
  }
  /** Whether the key was for the list. */
  const keys = (event: KeyboardEvent): boolean => {
    if (!open) return false
    const chosen = found[at]
    if (event.key === 'ArrowDown') setAt((at + 1) % found.length)
    else if (event.key === 'ArrowUp') setAt((at - 1 + found.length) % found.length)
    else if (event.key === 'Escape') setWritten(null)
    else if ((event.key === 'Enter' || event.key === 'Tab') && !event.shiftKey && chosen) take(chosen)
    else return false
    event.preventDefault()
    return true
  }
  return { found, open, at, look, take, keys }
}

interface MentionListProps {
  id: string
  mentions: ReturnType<typeof useMentions>
}

export function MentionList({ id, mentions }: MentionListProps) {
  const { t } = useTranslation()
  if (!mentions.open) return null
  return (
    <div className="menu mentions" id={id} role="listbox" aria-label={t('city.mentions')}>
      {mentions.found.map((who, index) => (
        <button
          key={who.id}
          id={`${id}-${index}`}
          type="button"
          role="option"
          tabIndex={-1}
          aria-selected={index === mentions.at}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => mentions.take(who)}
        >
          <Avatar of={who} small />
          <span className="grow trim">{who.name}</span>
          <span className="meta">@{who.handle}</span>
        </button>
      ))}
    </div>
  )
}
