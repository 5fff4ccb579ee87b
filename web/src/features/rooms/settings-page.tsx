import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { Archive, ArchiveRestore, ChevronLeft, LogOut } from 'lucide-react'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { isOperator } from '../../../../src/kernel/principal.ts'
import type { Me } from '../../../../src/services/auth/door.contract.ts'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Choice } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Forbidden, TalkSkeleton } from '../../ui/states.tsx'
import { useToast } from '../../ui/toast.tsx'
import { ROOMS } from '../city/city.ts'
import { useCity, useRooms } from '../city/city-context.tsx'
import { RoomGathering } from '../knowledge/room-gathering.tsx'
import { RoomModeration } from '../moderation/room-moderation.tsx'
import { RoomQuota } from '../quotas/quotas.tsx'
import { RoomExport } from '../transfers/room-export.tsx'
import { AboutRoom } from './about-room.tsx'
import { InvitationLinks } from './invitation-links.tsx'
import { JoinRequests } from './join-requests.tsx'
import { Members } from './members.tsx'
import { usePrefer, usePutRoom } from './use-prefer.ts'

/** Whether the reader may change the room, and whether they may let others in. */
export function mayIn(room: Room, me: Me): { manage: boolean; invite: boolean } {
  const manage = room.membership === 'owner' || (room.visibility === 'public' && isOperator(me))
  return { manage, invite: manage || room.membership === 'moderator' }
}

/** A room’s settings: what is the reader’s own first, then what the room’s keepers set. */
export function RoomSettingsPage() {
  const { t } = useTranslation()
  const api = useApi()
  const { room: address } = useParams({ from: '/inside/rooms/$room/settings' })
  const rooms = useRooms()
  const listed = rooms.data?.find(({ id, slug }) => id === address || slug === address)
  const asked = useQuery({
    queryKey: ['room', address],
    queryFn: () => api.city.room({ room: address }),
    enabled: !listed && !rooms.isPending,
    retry: false,
  })
  const room = listed ?? asked.data
  useEffect(() => {
    if (room) document.title = t('rooms.settings', { room: room.name })
  }, [room, t])
  if (!room)
    return (
      <main className="main" id="talk" tabIndex={-1}>
        {asked.error ? (
          <Forbidden title={t('city.nothingHere')}>
            <p>{t('city.nothingHereHint')}</p>
          </Forbidden>
        ) : (
          <TalkSkeleton label={t('city.loadingRoom')} />
        )}
      </main>
    )
  return <Settings room={room} />
}

function Settings({ room }: { room: Room }) {
  const { t } = useTranslation()
  const { me } = useCity()
  const { manage, invite } = mayIn(room, me)
  const talk = room.visibility === 'direct'
  return (
    <main className="main" id="talk" tabIndex={-1}>
      <header className="top">
        <Link className="ib" to="/rooms/$room" params={{ room: room.slug }} aria-label={t('rooms.back')}>
          <Icon of={ChevronLeft} />
        </Link>
        <h1 className="grow trim">{t('rooms.settings', { room: room.name })}</h1>
      </header>
      <div className="scroll">
        <div className="wrapm">
          <ForMe room={room} />
          {!talk && <AboutRoom key={room.id} room={room} mayChange={manage} />}
          {!talk && invite && room.joining === 'request' && <JoinRequests room={room} />}
          {!talk && <Members room={room} manage={manage} invite={invite} />}
          {!talk && invite && room.archivedAt === null && <InvitationLinks room={room} />}
          {!talk && invite && <RoomModeration room={room} />}
          {manage && !talk && <RoomGathering key={`gathering ${room.id}`} room={room.id} />}
          {manage && <RoomQuota key={`quota ${room.id}`} room={room} />}
          {(invite || talk) && <RoomExport key={`export ${room.id}`} room={room} />}
          <Ends room={room} manage={manage} />
        </div>
      </div>
    </main>
  )
}

function ForMe({ room }: { room: Room }) {
  const { t } = useTranslation()
  const prefer = usePrefer(room)
  return (
    <section className="spaced" aria-labelledby="for-me">
      <h2 id="for-me">{t('rooms.mine')}</h2>
      <label className="row after">
        <input
          type="checkbox"
          checked={room.favourite}
          onChange={(event) => prefer.mutate({ favourite: event.target.checked })}
        />
        {t('rooms.favourite')}
      </label>
      <Choice
        label={t('rooms.notify')}
        value={room.notify}
        onChange={(notify) => prefer.mutate({ notify })}
        options={(['all', 'mentions', 'none'] as const).map((value) => ({
          value,
          label: t(`rooms.notifyChoice.${value}`),
        }))}
      />
    </section>
  )
}

/** Leaving and archiving: both can be undone. */
function Ends({ room, manage }: { room: Room; manage: boolean }) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const language = useLanguage()
  const say = useToast()
  const put = usePutRoom()
  const { me } = useCity()
  const failed = (cause: unknown) => say({ text: sentenceOf(failureOf(cause), language) })
  const archive = useMutation({
    mutationFn: (archived: boolean) => api.city.changeRoom({ room: room.id, archived }),
    onSuccess: async (changed, archived) => {
      put(changed)
      await queries.invalidateQueries({ queryKey: ROOMS })
      say({ text: archived ? t('rooms.archiveDone') : t('rooms.unarchiveDone') })
    },
    onError: failed,
  })
  const leave = useMutation({
    mutationFn: () => api.city.leave({ room: room.id, principal: me.id }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ROOMS })
      say({ text: t('rooms.left', { room: room.name }) })
      await navigate({ to: '/rooms' })
    },
    onError: failed,
  })
  const mayLeave = room.membership !== null && (room.visibility !== 'direct' || room.people.length > 1)
  if (!mayLeave && !manage) return null
  return (
    <section aria-labelledby="ends">
      <h2 id="ends">{t('rooms.archive')}</h2>
      <ul className="rows">
        {manage && room.visibility !== 'direct' && (
          <li className="set">
            <span>{room.archivedAt === null ? t('rooms.archiveDo') : t('rooms.archiveUndo')}</span>
            <span className="meta">{t('rooms.archiveHint')}</span>
            <Button
              small
              icon={room.archivedAt === null ? Archive : ArchiveRestore}
              disabled={archive.isPending}
              onClick={() => archive.mutate(room.archivedAt === null)}
            >
              {room.archivedAt === null ? t('rooms.archiveDo') : t('rooms.archiveUndo')}
            </Button>
          </li>
        )}
        {mayLeave && (
          <li className="set">
            <span>{t('rooms.leave')}</span>
            <span className="meta">{t('rooms.leaveHint')}</span>
            <Button small icon={LogOut} disabled={leave.isPending} onClick={() => leave.mutate()}>
              {t('rooms.leave')}
            </Button>
          </li>
        )}
      </ul>
    </section>
  )
}
