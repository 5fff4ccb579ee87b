import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { CircleAlert, DoorClosed, DoorOpen } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { EmptyState, TalkSkeleton } from '../../ui/states.tsx'
import { ROOMS } from '../city/city.ts'

const CLOSED = ['not_found', 'forbidden', 'invalid', 'conflict']

/** A link into a room: what it opens, and the step in. Its code stands after the #, so that it reaches no log. */
export function JoinPage() {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const language = useLanguage()
  const [code] = useState(() => decodeURIComponent(location.hash.slice(1)))
  useEffect(() => {
    document.title = t('rooms.joinGo')
    if (code !== '') void navigate({ to: '/join', hash: '', replace: true })
  }, [code, navigate, t])
  const look = useQuery({
    queryKey: ['room-invitation', code],
    queryFn: () => api.city.lookAtInvitation({ code }),
    enabled: code !== '',
    retry: false,
  })
  const enter = useMutation({
    mutationFn: () => api.city.acceptInvitation({ code }),
    onSuccess: async (room) => {
      await queries.invalidateQueries({ queryKey: ROOMS })
      await navigate({ to: '/rooms/$room', params: { room: room.slug } })
    },
  })
  const error = enter.error ?? look.error
  const failure = error && failureOf(error)
  const closed = code === '' || (failure && CLOSED.includes(failure.kind))
  const { data } = look
  return (
    <main className="main" id="talk" tabIndex={-1}>
      {!data && !error && code !== '' && <TalkSkeleton label={t('city.loadingRoom')} />}
      {closed && (
        <EmptyState level={1} icon={DoorClosed} title={t('rooms.joinClosed')}>
          <p>{t('rooms.joinClosedHint')}</p>
          <div className="row">
            <Link className="btn btn-s" to="/rooms">
              {t('city.backToRooms')}
            </Link>
          </div>
        </EmptyState>
      )}
      {failure && !closed && (
        <EmptyState level={1} icon={CircleAlert} title={t('city.roomFailed')}>
          <p>{sentenceOf(failure, language)}</p>
          <div className="row">
            <Button onClick={() => void look.refetch()}>{t('common.retry')}</Button>
          </div>
        </EmptyState>
      )}
      {data && !error && (
        <EmptyState level={1} icon={DoorOpen} title={t('rooms.joinTitle', { room: data.name })}>
          {data.topic !== '' && <p>{data.topic}</p>}
          <p className="meta">{t('rooms.members', { count: data.people })}</p>
          <p>
            {data.inside === null && data.role !== 'guest' && t('rooms.joinRole.member')}
            {data.inside === null && data.role === 'guest' && t('rooms.joinRole.guest')}
            {data.inside !== null && t('rooms.joinInside')}
          </p>
          <div className="row">
            {data.inside === null ? (
              <Button look="primary" disabled={enter.isPending} onClick={() => enter.mutate()}>
                {t('rooms.joinGo')}
              </Button>
            ) : (
              <Link className="btn btn-p" to="/rooms/$room" params={{ room: data.inside }}>
                {t('rooms.open')}
              </Link>
            )}
          </div>
        </EmptyState>
      )}
    </main>
  )
}
