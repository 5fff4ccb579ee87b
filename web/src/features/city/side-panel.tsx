import { X } from 'lucide-react'
import { type ReactNode, useEffect, useRef, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import type { Citation } from '../../../../src/services/city/messages.contract.ts'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { IconButton } from '../../ui/button.tsx'
import { BottomSheet } from '../../ui/dialog.tsx'
import { piece } from '../../ui/piece.tsx'
import { FilesPanel } from './files-panel.tsx'
import { PeoplePanel } from './people-panel.tsx'
import { SourcePanel } from './source-panel.tsx'

const PinsPanel = piece(async () => (await import('../messages/pins-panel.tsx')).PinsPanel)
const ThreadPanel = piece(async () => (await import('../messages/thread-panel.tsx')).ThreadPanel)

export type Opened =
  | { readonly kind: 'people' }
  | { readonly kind: 'pins' }
  | { readonly kind: 'thread'; readonly root: string; readonly target: string | null }
  | { readonly kind: 'files' }
  | { readonly kind: 'source'; readonly citations: readonly Citation[]; readonly n: number }

interface SidePanelProps {
  room: Room
  opened: Opened
  onChange: (opened: Opened) => void
  onClose: () => void
}

/** The room's panel: a source, its people, what is pinned, or a thread. Beside the talk where there is room, over it where there is less, from the bottom edge on a phone. */
export function SidePanel({ room, opened, onChange, onClose }: SidePanelProps) {
  const { t } = useTranslation()
  const phone = usePhone()
  const title = t(TITLES[opened.kind])
  const content = <Content room={room} opened={opened} onChange={onChange} onClose={onClose} />
  if (phone)
    return (
      <BottomSheet title={title} open tall onClose={onClose} closeLabel={t('common.close')}>
        {content}
      </BottomSheet>
    )
  return (
    <Beside title={title} onClose={onClose}>
      {content}
    </Beside>
  )
}

const TITLES = {
  people: 'city.people',
  files: 'city.files',
  source: 'city.source',
  pins: 'talk.pins',
  thread: 'talk.thread',
} as const

function Content({ room, opened, onChange, onClose }: SidePanelProps) {
  switch (opened.kind) {
    case 'people':
      return <PeoplePanel room={room} onClose={onClose} />
    case 'files':
      return <FilesPanel room={room} onClose={onClose} />
    case 'pins':
      return <PinsPanel room={room} />
    case 'thread':
      return <ThreadPanel key={opened.root} room={room} root={opened.root} target={opened.target} />
    case 'source': {
      const { citations, n } = opened
      return (
        <SourcePanel
          citations={citations}
          n={n}
          onTurn={(turned) => onChange({ ...opened, n: turned })}
          onClose={onClose}
        />
      )
    }
  }
}

interface BesideProps {
  title: string
  onClose: () => void
  children: ReactNode
}

/** Takes the focus when it opens; Esc closes it and gives the focus back. */
function Beside({ title, onClose, children }: BesideProps) {
  const { t } = useTranslation()
  const closer = useRef<HTMLButtonElement>(null)
  const close = useRef(onClose)
  close.current = onClose
  useEffect(() => {
    const from = document.activeElement
    closer.current?.focus()
    const press = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !event.defaultPrevented) close.current()
    }
    window.addEventListener('keydown', press)
    return () => {
      window.removeEventListener('keydown', press)
      if (from instanceof HTMLElement) from.focus()
    }
  }, [])
  return (
    <aside className="panel over" aria-label={title}>
      <header className="top" style={{ background: 'none', paddingLeft: 16 }}>
        <h2 className="grow">{title}</h2>
        <IconButton ref={closer} icon={X} label={t('city.closePanel')} onClick={onClose} />
      </header>
      {children}
    </aside>
  )
}

const PHONE = '(max-width: 760px)'

function usePhone(): boolean {
  return useSyncExternalStore(
    (changed) => {
      const query = matchMedia(PHONE)
      query.addEventListener('change', changed)
      return () => query.removeEventListener('change', changed)
    },
    () => matchMedia(PHONE).matches,
  )
}
