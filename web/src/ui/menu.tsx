import {
  type ComponentProps,
  cloneElement,
  type KeyboardEvent,
  type PointerEvent,
  type ReactElement,
  type ReactNode,
  useContext,
  useId,
  useRef,
  useState,
} from 'react'
import { MenuItemContext, type MenuItemProps } from './menu-item.ts'
import { piece } from './piece.tsx'

const load = () => import('./menu-opened.tsx')
const MenuOpened = piece(async () => (await load()).MenuOpened)

interface MenuProps {
  trigger: ReactElement<ComponentProps<'button'>>
  children: ReactNode
}

/** A menu that opens from `trigger`, which must be a button. Arrows move in it, Esc gives the focus back. What draws it is fetched when a hand or the focus first comes near. */
export function Menu({ trigger, children }: MenuProps) {
  const id = useId()
  const anchor = useRef<HTMLButtonElement>(null)
  const [open, setOpen] = useState<'pointer' | 'key' | null>(null)
  const [wanted, setWanted] = useState(false)
  const turn = (next: typeof open) => {
    setOpen(next)
    setWanted(true)
  }
  const warm = () => void load().catch(() => undefined)
  const press = (event: PointerEvent) => {
    if (event.button !== 0 || event.ctrlKey) return
    // The focus is the menu's, not the button's.
    if (!open) event.preventDefault()
    turn(open ? null : 'pointer')
  }
  const key = (event: KeyboardEvent) => {
    if (!['Enter', ' ', 'ArrowDown'].includes(event.key)) return
    event.preventDefault()
    turn(open && event.key !== 'ArrowDown' ? null : 'key')
  }
  return (
    <>
      {cloneElement(trigger, {
        ref: anchor,
        id: `${id}-by`,
        'aria-haspopup': 'menu',
        'aria-expanded': open !== null,
        ...(open && { 'aria-controls': id }),
        onPointerDown: press,
        onKeyDown: key,
        onPointerEnter: warm,
        onFocus: warm,
      })}
      {wanted && (
        <MenuOpened id={id} anchor={anchor} open={open} onClose={() => setOpen(null)}>
          {children}
        </MenuOpened>
      )}
    </>
  )
}

/** One thing a menu offers. */
export function MenuItem(props: MenuItemProps) {
  const Item = useContext(MenuItemContext)
  return Item && <Item {...props} />
}
