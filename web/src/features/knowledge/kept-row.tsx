import { CircleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { type Failed, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Icon } from '../../ui/icon.tsx'

interface KeptRowProps {
  title: ReactNode
  /** What is known of it; what is empty is left out. */
  about: readonly string[]
  /** How far it is read, while it is. */
  reading: { readonly label: string; readonly done: number; readonly total: number } | null
  failure: Failed | null | undefined
  children: ReactNode
}

/** A document or an address that a collection keeps: what it is, how far it is read, what failed, and what can be done. */
export function KeptRow({ title, about, reading, failure, children }: KeptRowProps) {
  const language = useLanguage()
  return (
    <li>
      <span className="grow">
        {title}
        <span className="meta">{about.filter(Boolean).join(' · ')}</span>
        {reading && (
          <progress value={reading.done} max={Math.max(1, reading.total)} aria-label={reading.label} />
        )}
        {failure && (
          <span className="fail">
            <Icon of={CircleAlert} size="s" />
            <span>{sentenceOf(failure, language)}</span>
          </span>
        )}
      </span>
      <span className="row">{children}</span>
    </li>
  )
}
