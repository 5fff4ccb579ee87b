import { SmilePlus } from 'lucide-react'
import { Popover } from 'radix-ui'
import { lazy, type ReactNode, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import { Icon } from '../../ui/icon.tsx'

const EmojiPicker = lazy(async () => ({ default: (await import('./emoji-picker.tsx')).EmojiPicker }))

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

/** Opens the picker from its child, which must be a button. */
export function PickEmoji({ onPick, children }: { onPick: (emoji: string) => void; children: ReactNode }) {
  const [open, setOpen] = useState(false)
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>{children}</Popover.Trigger>
      <Popover.Portal container={document.getElementById('talk')}>
        <Popover.Content className="menu emoji-menu" align="end" sideOffset={4} collisionPadding={8}>
          <Suspense fallback={<div className="emoji-wait" />}>
            <EmojiPicker
              onPick={(emoji) => {
                setOpen(false)
                onPick(emoji)
              }}
            />
          </Suspense>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}
