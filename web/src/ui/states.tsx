import { DoorClosed, type LucideIcon } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { Icon } from './icon.tsx'

interface EmptyStateProps {
  title: string
  /** Said as a heading of this level. */
  level?: 1 | 2 | 3
  icon?: LucideIcon
  children?: ReactNode
}

/** A place with nothing in it: a house with one lit window, or an icon that says why. */
export function EmptyState({ title, level = 2, icon, children }: EmptyStateProps) {
  const Heading = `h${level}` as const
  return (
    <div className="empty">
      {icon ? <Icon of={icon} size="l" /> : <House />}
      <Heading>{title}</Heading>
      {children}
    </div>
  )
}

function House() {
  return (
    <div className="win" aria-hidden="true">
      <i />
      <i />
      <i />
      <i />
      <i />
      <i className="on" />
      <i />
      <i />
    </div>
  )
}

/** The same words whether the thing exists or not. */
export function Forbidden(props: { title: string; children?: ReactNode }) {
  return <EmptyState level={1} icon={DoorClosed} {...props} />
}

/** True once `ms` have passed: what waits less shows nothing. */
export function useAfter(ms: number): boolean {
  const [passed, setPassed] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setPassed(true), ms)
    return () => clearTimeout(timer)
  }, [ms])
  return passed
}

/** Messages to come, in their shape; only after 300 ms. */
export function TalkSkeleton({ label }: { label: string }) {
  if (!useAfter(300)) return null
  return (
    <div aria-busy="true" role="status" aria-label={label}>
      <Row widths={[34, 82]} />
      <Row widths={[26, 92, 88, 47]} agent />
      <Row widths={[30, 61]} />
    </div>
  )
}

function Row({ widths, agent }: { widths: readonly number[]; agent?: boolean }) {
  return (
    <div className="skl">
      <i className={agent ? 'sk a w' : 'sk a'} />
      <div>
        {widths.map((width) => (
          <i key={width} className="sk" style={{ width: `${width}%` }} />
        ))}
      </div>
    </div>
  )
}

/** One line over the page: what happened, and what to do. */
export function Banner({ icon, bad, children }: { icon: LucideIcon; bad?: boolean; children: ReactNode }) {
  return (
    <div className={bad ? 'banner bad' : 'banner'} role="status">
      <Icon of={icon} />
      {children}
    </div>
  )
}

/** Measured progress: `share` is 0…1. */
export function Meter({ share, label }: { share: number; label: string }) {
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 100)
  return (
    <div
      className="meter"
      role="progressbar"
      aria-label={label}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
    >
      <span style={{ width: `${percent}%` }} />
    </div>
  )
}
