import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react'
import { Button } from './button.tsx'

const UNDO_MS = 8_000
const MOST = 3

interface Toast {
  readonly id: number
  readonly text: string
  readonly act?: { readonly label: string; readonly run: () => void }
  readonly expired?: () => void
}

type Say = (toast: Omit<Toast, 'id'>) => void
const Toasts = createContext<Say>(() => undefined)

/** Says something for eight seconds. `act` is the way back; `expired` runs when nobody took it. */
export const useToast = (): Say => useContext(Toasts)

/** Holds the toasts of the page, at most three at once. */
export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([])
  const last = useRef(0)
  const drop = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), [])
  const say = useCallback<Say>(
    (toast) => {
      const id = ++last.current
      const timer = setTimeout(() => {
        drop(id)
        toast.expired?.()
      }, UNDO_MS)
      const { act } = toast
      const taken = act && {
        label: act.label,
        run: () => {
          clearTimeout(timer)
          drop(id)
          act.run()
        },
      }
      setToasts((all) => [...all.slice(1 - MOST), { id, text: toast.text, ...(taken && { act: taken }) }])
    },
    [drop],
  )
  const shown = useMemo(
    () =>
      toasts.map(({ id, text, act }) => (
        <div key={id} className="toast">
          <span>{text}</span>
          {act && (
            <Button small look="quiet" onClick={act.run}>
              {act.label}
            </Button>
          )}
        </div>
      )),
    [toasts],
  )
  return (
    <Toasts value={say}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {shown}
      </div>
    </Toasts>
  )
}
