import { type KeyboardEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { findEmoji } from './emoji.ts'

const COLUMNS = 8

/** Emoji by name: letters narrow them, arrows walk, Enter takes the first. */
export function EmojiPicker({ onPick }: { onPick: (emoji: string) => void }) {
  const { t } = useTranslation()
  const [written, setWritten] = useState('')
  const grid = useRef<HTMLDivElement>(null)
  const found = findEmoji(written)
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key]
    if (step === undefined) return
    const all: Element[] = [...(grid.current?.querySelectorAll('button') ?? [])]
    const at = document.activeElement ? all.indexOf(document.activeElement) : -1
    if (at < 0 && event.key !== 'ArrowDown') return
    event.preventDefault()
    const next = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + step))]
    if (next instanceof HTMLElement) next.focus()
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrows walk among the buttons inside
    <div className="emoji-picker" onKeyDown={walk}>
      <label className="field">
        <input
          // biome-ignore lint/a11y/noAutofocus: it was opened to be written in
          autoFocus
          value={written}
          aria-label={t('talk.findEmoji')}
          placeholder={t('talk.findEmoji')}
          onChange={(event) => setWritten(event.target.value)}
          onKeyDown={(event) => {
            const [first] = found
            if (event.key === 'Enter' && first) onPick(first.emoji)
          }}
        />
      </label>
      <div ref={grid} className="emoji-grid">
        {found.map(({ emoji, name }) => (
          <button
            key={emoji}
            type="button"
            title={`:${name}:`}
            aria-label={t('talk.emojiOf', { name })}
            onClick={() => onPick(emoji)}
          >
            {emoji}
          </button>
        ))}
      </div>
      {found.length === 0 && <p className="meta">{t('talk.noEmoji')}</p>}
    </div>
  )
}
