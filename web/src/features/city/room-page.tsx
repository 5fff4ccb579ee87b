import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { CircleAlert } from 'lucide-react'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { piece } from '../../ui/piece.tsx'
import { EmptyState, Forbidden, TalkSkeleton } from '../../ui/states.tsx'
import { useRooms } from './city-context.tsx'
import { Talk } from './talk.tsx'

const BannedHere = piece(async () => (await import('../moderation/restricted.tsx')).BannedHere)

/** One room, by id or slug. */
export function RoomPage() {
  const { room: address } = useParams({ from: '/inside/rooms/$room' })
  const rooms = useRooms()
  const listed = rooms.data?.find(({ id, slug }) => id === address || slug === address)
  if (listed) return <Opened room={listed} />
  return <Unlisted key={address} address={address} settled={!rooms.isPending} />
}

function Opened({ room }: { room: Room }) {
  useEffect(() => {
    try {
      localStorage.setItem('last-room', room.slug)
    } catch {
      // Where nothing is kept, the square comes first.
    }
    document.title = room.name
  }, [room.slug, room.name])
  return <Talk key={room.id} room={room} />
}

/** A room that is not in the list: it may be new, or not for this resident; both are asked of the city. */
function Unlisted({ address, settled }: { address: string; settled: boolean }) {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const room = useQuery({
    queryKey: ['room', address],
    queryFn: () => api.city.room({ room: address }),
    enabled: settled,
  })
  if (room.data) return <Opened room={room.data} />
  const failure = room.error && failureOf(room.error)
  return (
    <main className="main" id="talk" tabIndex={-1}>
      {!failure && <TalkSkeleton label={t('city.loadingRoom')} />}
      {failure && ['not_found', 'forbidden', 'invalid'].includes(failure.kind) && (
        <Forbidden title={t('city.nothingHere')}>
          <p>{t('city.nothingHereHint')}</p>
          <BannedHere address={address} />
          <div className="row">
            <Link className="btn btn-s" to="/rooms">
              {t('city.backToRooms')}
            </Link>
          </div>
        </Forbidden>
      )}
      {failure && !['not_found', 'forbidden', 'invalid'].includes(failure.kind) && (
        <EmptyState level={1} icon={CircleAlert} title={t('city.roomFailed')}>
          <p>{sentenceOf(failure, language)}</p>
          <div className="row">
            <Button onClick={() => void room.refetch()}>{t('common.retry')}</Button>
          </div>
        </EmptyState>
      )}
    </main>
  )
}
