import { SmilePlus } from 'lucide-react'
import { type ComponentProps, cloneElement, type ReactElement, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import { Icon } from '../../ui/icon.tsx'
import { piece } from '../../ui/piece.tsx'

const load = () => import('./emoji-popover.tsx')
const EmojiPopover = piece(async () => (await load()).EmojiPopover)

interface ReactionsProps {
  message: Message
  onReact: ((emoji: string) => void) | null
}

/** Who reacted how; a press adds one's own or takes it back. */
export function Reactions({ message: { reactions = [] }, onReact }: ReactionsProps) {
  const { t } = useTranslation()
  if (reactions.length === 0) return null
  return (
    <div className="react">
      {reactions.map(({ emoji, count, mine, names }) => {
        const more = count > names.length ? t('talk.andMore', { count: count - names.length }) : ''
        const who = t('talk.reactedBy', { emoji, names: names.join(', ') + more })
        return (
          <button
            key={emoji}
            type="button"
            aria-pressed={mine ?? false}
            aria-label={`${who}, ${count}`}
            title={who}
            disabled={!onReact}
            onClick={() => onReact?.(emoji)}
          >
            <span aria-hidden="true">{emoji}</span>
            <span className="num">{count}</span>
          </button>
        )
      })}
      {onReact && (
        <PickEmoji onPick={onReact}>
          <button type="button" aria-label={t('talk.react')} title={t('talk.react')}>
            <Icon of={SmilePlus} size="xs" />
          </button>
        </PickEmoji>
      )}
    </div>
  )
}

interface PickEmojiProps {
  onPick: (emoji: string) => void
  children: ReactElement<ComponentProps<'button'>>
}

/** Opens the picker from its child, which must be a button. */
export function PickEmoji({ onPick, children }: PickEmojiProps) {
  const anchor = useRef<HTMLButtonElement>(null)
  const [open, setOpen] = useState(false)
  const [wanted, setWanted] = useState(false)
  const warm = () => void load().catch(() => undefined)
  const close = () => setOpen(false)
  return (
    <>
      {cloneElement(children, {
        ref: anchor,
        'aria-haspopup': 'dialog',
        'aria-expanded': open,
        onPointerEnter: warm,
        onFocus: warm,
        onClick() {
          setOpen(!open)
          setWanted(true)
        },
      })}
      {wanted && (
        <EmojiPopover
          anchor={anchor}
          open={open}
          onClose={close}
          onPick={(emoji) => {
            close()
            onPick(emoji)
          }}
        />
      )}
    </>
  )
}
