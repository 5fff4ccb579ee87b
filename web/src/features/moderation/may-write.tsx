import './moderation.css'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Hourglass } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { useFormat } from '../../i18n/format.ts'
import { Icon } from '../../ui/icon.tsx'
import { piece } from '../../ui/piece.tsx'
import type { Outgoing } from '../city/outbox.ts'

const Restricted = piece(async () => (await import('./restricted.tsx')).Restricted)

interface MayWriteProps {
  room: Room
  /** The reader's own last message here: after it the room says anew how long to wait. */
  last: string | undefined
  /** What is on its way; a message that is held never gets further. */
  outgoing: readonly Outgoing[]
  children: ReactNode
}

/** The composer with what holds the reader back over it, or in its place why they may not write at all. */
export function MayWrite({ room, last, outgoing, children }: MayWriteProps) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const format = useFormat()
  const standing = useQuery({
    queryKey: ['standing', room.id],
    queryFn: async () => ({ ...(await api.city.standing({ room: room.id })), askedAt: Date.now() }),
    staleTime: 30_000,
  })
  const { muted = null, slowSeconds = 0, waitSeconds = 0, askedAt = 0, newcomer } = standing.data ?? {}
  // Each own message, and each that is held, begins the wait anew.
  const written = `${last} ${outgoing.map(({ clientId, failure }) => clientId + (failure?.code ?? '')).join()}`
  useEffect(() => {
    if (slowSeconds > 0) void queries.invalidateQueries({ queryKey: ['standing', room.id] })
  }, [written, slowSeconds, room.id, queries])
  const waitMs = useCountdown(askedAt + waitSeconds * 1000)
  const mutedMs = useCountdown(muted?.until ? Date.parse(muted.until) : 0)
  if (muted && mutedMs > 0) return <Restricted sanction={muted} />
  const without = newcomer && withoutWhat(newcomer)
  return (
    <>
      {waitMs > 0 && (
        <p className="meta holds" role="timer" aria-live="off">
          <Icon of={Hourglass} size="xs" />
          {t('moderation.slowWait', { time: format.span(waitMs + 999) })}
        </p>
      )}
      {without && <p className="meta holds">{t('moderation.newcomer', { what: t(without) })}</p>}
      {children}
    </>
  )
}

function withoutWhat({ links, files }: { links: boolean; files: boolean }) {
  if (!links && !files) return 'moderation.newcomerBoth'
  if (!links) return 'moderation.newcomerLinks'
  return files ? null : 'moderation.newcomerFiles'
}

/** Milliseconds until a moment, counted down once a second; 0 when it has come. */
function useCountdown(until: number): number {
  const [now, setNow] = useState(Date.now)
  const comes = until > now
  useEffect(() => {
    setNow(Date.now())
    if (!comes) return
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [comes])
  return Math.max(0, until - now)
}
