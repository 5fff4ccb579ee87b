import type { UseMutationResult } from '@tanstack/react-query'
import { useState } from 'react'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FieldError } from '../../ui/field.tsx'

interface RevokeProps {
  /** What the button in the list says, and whose it is for those who only hear it. */
  act: string
  about: string
  title: string
  /** What follows from it. */
  consequence: string
  keep: string
  revoke: Pick<UseMutationResult<unknown, Error, string>, 'mutateAsync' | 'isPending' | 'error'>
  id: string
}

/** Takes back what cannot be given again, so it asks first and says what follows; the focus starts on the safe button. */
export function Revoke({ act, about, title, consequence, keep, revoke, id }: RevokeProps) {
  const language = useLanguage()
  const [open, setOpen] = useState(false)
  const go = () =>
    revoke.mutateAsync(id).then(
      () => setOpen(false),
      () => undefined,
    )
  return (
    <>
      <Button small look="quiet" aria-label={`${act}: ${about}`} onClick={() => setOpen(true)}>
        {act}
      </Button>
      <Dialog title={title} open={open} onClose={() => setOpen(false)}>
        <div className="stack">
          <p>{consequence}</p>
          <FieldError error={revoke.error ? sentenceOf(failureOf(revoke.error), language) : undefined} />
          <div className="end">
            <Button onClick={() => setOpen(false)}>{keep}</Button>
            <Button look="danger" disabled={revoke.isPending} onClick={() => void go()}>
              {act}
            </Button>
          </div>
        </div>
      </Dialog>
    </>
  )
}
