import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link as LinkIcon, Plus, X } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { RoomInvitation } from '../../../../src/services/city/members.contract.ts'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat, useLanguage } from '../../i18n/format.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Choice, FieldError, LabelledSelect } from '../../ui/field.tsx'
import { KeyOnce } from '../../ui/key-once.tsx'
import { useToast } from '../../ui/toast.tsx'
import { ListState } from '../auth/list-state.tsx'

const DAYS = [1, 7, 30, 90] as const
const USES = [1, 5, 20, 100] as const
type Made = RoomInvitation & { url: string }

/** The links into a room: made, shown once, withdrawn. */
export function InvitationLinks({ room }: { room: Room }) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const format = useFormat()
  const language = useLanguage()
  const say = useToast()
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<Made | null>(null)
  const key = ['room-invitations', room.id]
  const links = useQuery({
    queryKey: key,
    queryFn: async () => (await api.city.roomInvitations({ room: room.id })).items,
  })
  const revoke = useMutation({
    mutationFn: (invitation: string) => api.city.revokeRoomInvitation({ room: room.id, invitation }),
    onSuccess: (_, id) => {
      if (made?.id === id) setMade(null)
      say({ text: t('rooms.revoked') })
    },
    onError: (cause) => say({ text: sentenceOf(failureOf(cause), language) }),
    onSettled: () => queries.invalidateQueries({ queryKey: key }),
  })
  const about = (link: RoomInvitation) =>
    t('rooms.linkLine', { used: link.uses, max: link.maxUses, until: format.moment(link.expiresAt) })
  return (
    <section aria-labelledby="links">
      <h2 id="links">{t('rooms.links')}</h2>
      <p className="meta">{t('rooms.linksHint')}</p>
      {made && (
        <KeyOnce
          icon={LinkIcon}
          title={t('rooms.linkOnce')}
          about={about(made)}
          text={made.url}
          words={t('auth.copyWords', { returnObjects: true })}
          done={t('auth.kept')}
          lost={t('auth.linkLost')}
          onDone={() => setMade(null)}
        />
      )}
      <ListState query={links} empty={t('rooms.noLinks')} />
      <ul className="rows">
        {links.data?.map((link) => (
          <li className="set" key={link.id}>
            <b>{t(`rooms.role.${link.role}`)}</b>
            <span className="meta">{about(link)}</span>
            <IconButton
              icon={X}
              label={t('rooms.revokeLink', { until: format.moment(link.expiresAt) })}
              disabled={revoke.isPending}
              onClick={() => revoke.mutate(link.id)}
            />
          </li>
        ))}
      </ul>
      <Button small icon={Plus} className="after" onClick={() => setMaking(true)}>
        {t('rooms.makeLink')}
      </Button>
      <Dialog title={t('rooms.makeLink')} open={making} onClose={() => setMaking(false)}>
        <LinkForm
          room={room}
          onClose={() => setMaking(false)}
          onMade={(link) => {
            setMade(link)
            setMaking(false)
            void queries.invalidateQueries({ queryKey: key })
          }}
        />
      </Dialog>
    </section>
  )
}

interface LinkFormProps {
  room: Room
  onClose: () => void
  onMade: (link: Made) => void
}

function LinkForm({ room, onClose, onMade }: LinkFormProps) {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const [days, setDays] = useState<(typeof DAYS)[number]>(7)
  const [maxUses, setMaxUses] = useState<(typeof USES)[number]>(1)
  const [role, setRole] = useState<RoomInvitation['role']>('member')
  const make = useMutation({
    mutationFn: () => api.city.inviteToRoom({ room: room.id, role, maxUses, days }),
    onSuccess: onMade,
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    make.mutate()
  }
  return (
    <form onSubmit={submit}>
      <LabelledSelect
        label={t('rooms.linkUses')}
        value={maxUses}
        onChange={setMaxUses}
        options={USES.map((value) => ({ value, label: t('rooms.uses', { count: value }) }))}
      />
      <LabelledSelect
        label={t('rooms.linkDays')}
        value={days}
        onChange={setDays}
        options={DAYS.map((value) => ({ value, label: t('rooms.days', { count: value }) }))}
      />
      <Choice
        label={t('rooms.linkRole')}
        value={role}
        onChange={setRole}
        options={(['member', 'guest'] as const).map((value) => ({
          value,
          label: t(`rooms.role.${value}`),
        }))}
      />
      <FieldError error={make.error ? sentenceOf(failureOf(make.error), language) : undefined} />
      <div className="end">
        <Button look="quiet" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button look="primary" type="submit" disabled={make.isPending}>
          {t('rooms.makeLink')}
        </Button>
      </div>
    </form>
  )
}
