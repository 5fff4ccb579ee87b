import { Popover } from 'radix-ui'
import type { RefObject } from 'react'
import { EmojiPicker } from './emoji-picker.tsx'

interface EmojiPopoverProps {
  anchor: RefObject<HTMLButtonElement | null>
  open: boolean
  onPick: (emoji: string) => void
  onClose: () => void
}

/** The picker beside the button that opened it. */
export function EmojiPopover({ anchor, open, onPick, onClose }: EmojiPopoverProps) {
  return (
    <Popover.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Popover.Anchor virtualRef={anchor} />
      <Popover.Portal container={document.getElementById('talk')}>
        <Popover.Content
          className="menu emoji-menu"
          align="end"
          sideOffset={4}
          collisionPadding={8}
          onInteractOutside={(event) => {
            // The button itself closes what it opened.
            if (event.target instanceof Node && anchor.current?.contains(event.target)) event.preventDefault()
          }}
          onCloseAutoFocus={() => {
            if (document.activeElement === document.body) anchor.current?.focus()
          }}
        >
          <EmojiPicker onPick={onPick} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}
