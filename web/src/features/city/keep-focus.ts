import { type FocusEvent, useLayoutEffect, useRef } from 'react'

/** Keeps the focus at a row of the log while what is in the row is exchanged, as when a message on its way becomes a stored one. */
export function useKeepFocus() {
  const held = useRef<Element | null>(null)
  useLayoutEffect(() => {
    const row = held.current
    if (row?.isConnected && document.activeElement === document.body)
      row.querySelector<HTMLElement>('.msg')?.focus({ preventScroll: true })
  })
  return {
    onFocus({ target }: FocusEvent) {
      held.current = target.closest('.log-row')
    },
    // React says nothing of an element that it takes away itself, so this is only the reader leaving.
    onBlur() {
      held.current = null
    },
  }
}
