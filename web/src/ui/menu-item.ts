import type { LucideIcon } from 'lucide-react'
import { type ComponentType, createContext, type ReactNode } from 'react'

export interface MenuItemProps {
  icon: LucideIcon
  onSelect: () => void
  hint?: string
  /** It cannot be undone, or takes something away. */
  bad?: boolean | undefined
  children: ReactNode
}

/** How an opened menu draws its items. */
export const MenuItemContext = createContext<ComponentType<MenuItemProps> | null>(null)
