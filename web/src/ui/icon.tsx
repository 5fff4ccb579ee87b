import type { LucideIcon } from 'lucide-react'

/** A Lucide icon in the city's weight; always beside a word, or inside something that carries an `aria-label`. */
export function Icon({ of: Glyph, size }: { of: LucideIcon; size?: 'xs' | 's' | 'l' }) {
  return <Glyph className={size ? `i i-${size}` : 'i'} aria-hidden="true" focusable="false" />
}
