import { Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'

interface DialogProps {
  title: string
  open: boolean
  onClose: () => void
  children: ReactNode
}

/** A dialog that takes the focus and gives it back; Esc and a press outside close it. */
export function Dialog({ title, open, onClose, children }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="veil">
          <Radix.Content className="dlg" aria-describedby={undefined}>
            <Radix.Title asChild>
              <h2>{title}</h2>
            </Radix.Title>
            {children}
          </Radix.Content>
        </Radix.Overlay>
      </Radix.Portal>
    </Radix.Root>
  )
}

interface SheetProps extends DialogProps {
  /** What its grip is called: it closes the sheet. */
  closeLabel: string
  tall?: boolean
}

/** The phone's panel: from the bottom edge, with a grip that is also a button. */
export function BottomSheet({ title, open, onClose, closeLabel, tall, children }: SheetProps) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="veil" />
        <Radix.Content className={tall ? 'bs bs-tall' : 'bs'} aria-describedby={undefined}>
          <Radix.Title className="vh">{title}</Radix.Title>
          <Radix.Close className="grip" aria-label={closeLabel} />
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
