import { Menu as Radix } from 'radix-ui/internal'
import { type ReactNode, type RefObject, useEffect, useRef } from 'react'
import { Icon } from './icon.tsx'
import { MenuItemContext, type MenuItemProps } from './menu-item.ts'

interface MenuOpenedProps {
  id: string
  anchor: RefObject<HTMLButtonElement | null>
  /** By what it was opened; null while it is closed. */
  open: 'pointer' | 'key' | null
  onClose: () => void
  children: ReactNode
}

/** The part of a menu that is there only while it is open. */
export function MenuOpened({ id, anchor, open, onClose, children }: MenuOpenedProps) {
  const content = useRef<HTMLDivElement>(null)
  const leftByPress = useRef(false)
  return (
    <Radix.Root open={open !== null} modal={false} onOpenChange={(next) => !next && onClose()}>
      <Radix.Anchor virtualRef={anchor} />
      <Radix.Portal container={document.getElementById('talk')}>
        <Radix.Content
          ref={content}
          id={id}
          className="menu"
          align="end"
          sideOffset={4}
          collisionPadding={8}
          aria-labelledby={`${id}-by`}
          onInteractOutside={() => {
            leftByPress.current = true
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault()
            if (!leftByPress.current) anchor.current?.focus()
            leftByPress.current = false
          }}
        >
          <MenuItemContext value={Item}>
            {children}
            {open === 'key' && <FirstFocused of={content} />}
          </MenuItemContext>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

/** A key that opens a menu goes on into it. */
function FirstFocused({ of }: { of: RefObject<HTMLElement | null> }) {
  useEffect(() => {
    of.current?.querySelector<HTMLElement>('[role="menuitem"]')?.focus({ preventScroll: true })
  }, [of])
  return null
}

function Item({ icon, onSelect, hint, bad, children }: MenuItemProps) {
  return (
    <Radix.Item asChild onSelect={onSelect}>
      <button type="button" className={bad ? 'bad' : undefined}>
        <Icon of={icon} />
        {children}
        {hint && <kbd>{hint}</kbd>}
      </button>
    </Radix.Item>
  )
}
