import type { LucideIcon } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import type { ReactNode } from 'react'
import { Icon } from './icon.tsx'

/** A menu that opens from `trigger`, which must be a button. Arrows move in it, Esc gives the focus back. */
export function Menu({ trigger, children }: { trigger: ReactNode; children: ReactNode }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal container={document.getElementById('talk')}>
        <DropdownMenu.Content className="menu" align="end" sideOffset={4} collisionPadding={8}>
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

interface MenuItemProps {
  icon: LucideIcon
  onSelect: () => void
  hint?: string
  /** It cannot be undone, or takes something away. */
  bad?: boolean | undefined
  children: ReactNode
}

export function MenuItem({ icon, onSelect, hint, bad, children }: MenuItemProps) {
  return (
    <DropdownMenu.Item asChild onSelect={onSelect}>
      <button type="button" className={bad ? 'bad' : undefined}>
        <Icon of={icon} />
        {children}
        {hint && <kbd>{hint}</kbd>}
      </button>
    </DropdownMenu.Item>
  )
}
