import { useEffect, useState } from 'react'
import { piece } from '../../ui/piece.tsx'

const Palette = piece(async () => (await import('./palette.tsx')).Palette)

/** What a press elsewhere on the page opens the palette by. */
const OPEN = 'open-palette'
export const openPalette = (): boolean => window.dispatchEvent(new Event(OPEN))

/** Ctrl K or ⌘ K opens the palette, which is fetched the first time it is wanted. */
export function PaletteKeys() {
  const [open, setOpen] = useState(false)
  useEffect(() => {
    const show = () => setOpen(true)
    const press = (event: KeyboardEvent) => {
      // By its place, so that a Ukrainian layout opens it too.
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.code !== 'KeyK') return
      event.preventDefault()
      setOpen((was) => !was)
    }
    window.addEventListener('keydown', press)
    window.addEventListener(OPEN, show)
    return () => {
      window.removeEventListener('keydown', press)
      window.removeEventListener(OPEN, show)
    }
  }, [])
  if (!open) return null
  return <Palette onClose={() => setOpen(false)} />
}
