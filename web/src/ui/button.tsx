import type { LucideIcon } from 'lucide-react'
import type { ComponentProps } from 'react'
import { Icon } from './icon.tsx'

const LOOKS = { primary: 'btn-p', plain: '', quiet: 'btn-q', danger: 'btn-d' } as const

interface ButtonProps extends ComponentProps<'button'> {
  look?: keyof typeof LOOKS
  small?: boolean
  icon?: LucideIcon
}

/** One primary button on a screen; the rest are plain or quiet. */
export function Button({ look = 'plain', small, icon, className = '', children, ...rest }: ButtonProps) {
  const classes = ['btn', LOOKS[look], small ? 'btn-s' : '', className].filter(Boolean).join(' ')
  return (
    <button type="button" {...rest} className={classes}>
      {icon && <Icon of={icon} size="s" />}
      {children}
    </button>
  )
}

interface IconButtonProps extends Omit<ComponentProps<'button'>, 'children'> {
  icon: LucideIcon
  /** What it does, for those who cannot see the icon. */
  label: string
  size?: 'xs' | 's'
}

export function IconButton({ icon, label, size, className = '', ...rest }: IconButtonProps) {
  return (
    <button type="button" aria-label={label} title={label} {...rest} className={`ib ${className}`}>
      <Icon of={icon} {...(size && { size })} />
    </button>
  )
}
