import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { KeyRound, X } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Author } from '../../../../src/services/city/messages.contract.ts'
import { Membership, type Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { useToast } from '../../ui/toast.tsx'
import { ListState } from '../auth/list-state.tsx'
import { ROOMS } from '../city/city.ts'
import { useCity } from '../city/city-context.tsx'
import { membersQuery } from '../city/members.ts'
import { AddMember } from '../city/people-panel.tsx'

type Member = Author & { membership: Membership }
interface MembersProps {
  room: Room
  manage: boolean
  invite: boolean
}

const LOW: readonly Membership[] = ['member', 'guest']

/** Who is in a room and what they are there. Owners set any role, moderators those of members and guests; a change that was refused shows what still is. */
export function Members({ room, manage, invite }: MembersProps) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const say = useToast()
  const { me } = useCity()
  const members = useQuery(membersQuery(api, room))
  const [heir, setHeir] = useState<Member | null>(null)
  const act = useMutation({
    mutationFn: (work: () => Promise<unknown>) => work(),
    onError: (cause) => say({ text: sentenceOf(failureOf(cause), language) }),
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: ['members', room.id] })
      await queries.invalidateQueries({ queryKey: ROOMS })
    },
  })
  const takeOut = ({ id, name }: Member) =>
    act.mutate(async () => {
      await api.city.leave({ room: room.id, principal: id })
      say({ text: t('rooms.takenOut', { name }) })
    })
  const handOver = ({ id, name }: Member) =>
    act.mutate(async () => {
      await api.city.handOver({ room: room.id, principal: id })
      say({ text: t('rooms.handedOver', { name }) })
    })
  const movable = (member: Member) => manage || (invite && LOW.includes(member.membership))
  return (
    <section aria-labelledby="members">
      <h2 id="members">{t('rooms.people')}</h2>
      <p className="meta">{t('rooms.roleHint')}</p>
      <ListState query={members} empty={t('city.publicNote')} />
      <ul className="rows">
        {members.data?.map((member) => (
          <li className="set" key={member.id}>
            <span className="row">
              <Avatar of={member} small />
              <b>{member.name}</b>
            </span>
            <span className="row">
              {movable(member) ? (
                <RoleChoice
                  member={member}
                  all={manage && member.kind === 'person'}
                  onChange={(role) =>
                    act.mutate(() => api.city.setMember({ room: room.id, principal: member.id, role }))
                  }
                />
              ) : (
                <span className="tag">{t(`rooms.role.${member.membership}`)}</span>
              )}
              {room.membership === 'owner' && member.kind === 'person' && member.id !== me.id && (
                <IconButton
                  icon={KeyRound}
                  label={`${t('rooms.handOver')}: ${member.name}`}
                  onClick={() => setHeir(member)}
                />
              )}
              {movable(member) && member.id !== me.id && (
                <IconButton
                  icon={X}
                  label={t('rooms.takeOut', { name: member.name })}
                  onClick={() => takeOut(member)}
                />
              )}
            </span>
          </li>
        ))}
      </ul>
      {invite && members.data && room.visibility !== 'public' && (
        <div className="row after">
          <AddMember room={room} members={members.data} />
        </div>
      )}
      <Dialog
        title={t('rooms.handOverTitle', { room: room.name, name: heir?.name ?? '' })}
        open={heir !== null}
        onClose={() => setHeir(null)}
      >
        <p>{t('rooms.handOverText', { name: heir?.name ?? '' })}</p>
        <div className="end">
          <Button look="quiet" onClick={() => setHeir(null)}>
            {t('common.cancel')}
          </Button>
          <Button
            look="danger"
            onClick={() => {
              if (heir) handOver(heir)
              setHeir(null)
            }}
          >
            {t('rooms.handOver')}
          </Button>
        </div>
      </Dialog>
    </section>
  )
}

interface RoleChoiceProps {
  member: Member
  all: boolean
  onChange: (role: Membership) => void
}

function RoleChoice({ member, all, onChange }: RoleChoiceProps) {
  const { t } = useTranslation()
  const roles = all ? Membership.options : LOW
  return (
    <select
      className="field"
      aria-label={t('rooms.roleOf', { name: member.name })}
      value={member.membership}
      onChange={({ currentTarget }) => onChange(Membership.parse(currentTarget.value))}
    >
      {roles.map((role) => (
        <option key={role} value={role}>
          {t(`rooms.role.${role}`)}
        </option>
      ))}
    </select>
  )
}
