import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { LogOut, UserPlus, X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Principal } from '../../../../src/kernel/principal.ts'
import type { Author } from '../../../../src/services/city/messages.contract.ts'
import type { Membership, Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { FieldError } from '../../ui/field.tsx'
import { Menu, MenuItem } from '../../ui/menu.tsx'
import { useToast } from '../../ui/toast.tsx'
import { litOf, usePresence } from '../live/use-presence.ts'
import { ROOMS } from './city.ts'
import { useCity } from './city-context.tsx'
import { agentsQuery, membersQuery, residentsQuery } from './members.ts'

type Member = Author & { membership: Membership }

/** Those whom a moderator may take out. */
const LOW: readonly Membership[] = ['member', 'guest']

/** Who belongs to a room, people and agents apart; its keeper lets residents in and out. */
export function PeoplePanel({ room, onClose }: { room: Room; onClose: () => void }) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const language = useLanguage()
  const { me } = useCity()
  const members = useQuery(membersQuery(api, room))
  const agents = useQuery(agentsQuery(api))
  const takeOut = useMutation({
    mutationFn: (principal: string) => api.city.leave({ room: room.id, principal }),
    onSuccess: async (_, principal) => {
      await queries.invalidateQueries({ queryKey: ['members', room.id] })
      if (principal !== me.id) return
      await queries.invalidateQueries({ queryKey: ROOMS })
      onClose()
      await navigate({ to: '/' })
    },
  })
  const open = room.visibility === 'public'
  const residents = useQuery({ ...residentsQuery(api), enabled: open })
  const people = membersOf(members.data, open ? residents.data : undefined)
  const called = agents.data?.filter(({ slug }) => room.replyPolicy.agents.includes(slug)) ?? []
  const keeper =
    (room.membership === 'owner' || room.membership === 'moderator') &&
    (room.visibility === 'private' || room.visibility === 'community')
  return (
    <div className="pt">
      <div className="scroll ppl">
        {room.visibility === 'public' && (
          <p className="meta" style={{ padding: 8 }}>
            {t('city.publicNote')}
          </p>
        )}
        {people.length > 0 && <h3>{t('city.membersPeople', { n: people.length })}</h3>}
        {people.map((member) => (
          <Person
            key={member.id}
            member={member}
            onTakeOut={
              keeper &&
              member.id !== me.id &&
              (room.membership === 'owner' || LOW.includes(member.membership))
                ? () => takeOut.mutate(member.id)
                : null
            }
          />
        ))}
        {called.length > 0 && <h3>{t('city.membersAgents', { n: called.length })}</h3>}
        {called.map((agent) => (
          <CalledAgent key={agent.id} id={agent.id} name={agent.name} about={agent.about[language]} />
        ))}
        <FieldError error={takeOut.error ? sentenceOf(failureOf(takeOut.error), language) : undefined} />
      </div>
      {(room.visibility === 'private' || room.visibility === 'community') && (
        <div className="pt-foot">
          {keeper && <AddMember room={room} members={people} />}
          <Button look="quiet" icon={LogOut} onClick={() => takeOut.mutate(me.id)}>
            {t('city.leaveRoom')}
          </Button>
        </div>
      )}
    </div>
  )
}

/** In a city room whoever lives in the city; else who belongs to the room. */
function membersOf(members: readonly Member[] = [], residents: readonly Principal[] = []): Member[] {
  const rest = residents.map((resident) => ({ ...resident, membership: 'member' as const }))
  const all = new Map([...rest, ...members].map((who) => [who.id, who]))
  return [...all.values()].filter(({ kind }) => kind === 'person')
}

/** An agent with what it is at, and what it is for. */
function CalledAgent({ id, name, about }: { id: string; name: string; about: string }) {
  const { t } = useTranslation()
  const state = usePresence(id)
  const lit = litOf(state)
  return (
    <div className="nav" style={{ height: 'auto', paddingBlock: 6 }}>
      <Avatar of={{ id, kind: 'agent', name }} small {...(lit && { lit })} />
      <span className="grow">
        {name}
        {state !== 'gone' && (
          <span className="text-patina-ink" style={{ fontWeight: 'var(--weight-text)' }}>
            {' · '}
            {t(`people.state.${state}`)}
          </span>
        )}
        <span className="meta" style={{ display: 'block', fontWeight: 'var(--weight-text)' }}>
          {about}
        </span>
      </span>
    </div>
  )
}

function Person({ member, onTakeOut }: { member: Member; onTakeOut: (() => void) | null }) {
  const { t } = useTranslation()
  const state = usePresence(member.id)
  const lit = litOf(state)
  return (
    <div className="nav">
      <Avatar of={member} small {...(lit && { lit })} />
      <span className="grow trim">
        {member.name}
        {state !== 'gone' && <span className="vh">, {t(`people.state.${state}`)}</span>}
      </span>
      {member.membership !== 'member' && <span className="meta">{t(`rooms.role.${member.membership}`)}</span>}
      {onTakeOut && (
        <IconButton
          icon={X}
          size="s"
          label={t('city.removeMember', { name: member.name })}
          onClick={onTakeOut}
        />
      )}
    </div>
  )
}

/** A menu of the residents who are not in the room yet. */
export function AddMember({ room, members }: { room: Room; members: readonly Member[] }) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const say = useToast()
  const residents = useQuery(residentsQuery(api))
  const here = new Set(members.map(({ id }) => id))
  const others = residents.data?.filter(({ id, kind }) => kind === 'person' && !here.has(id)) ?? []
  const add = useMutation({
    mutationFn: ({ id }: Principal) => api.city.addMember({ room: room.id, principal: id }),
    onSuccess: async (_, { name }) => {
      await queries.invalidateQueries({ queryKey: ['members', room.id] })
      say({ text: t('city.added', { name }) })
    },
    onError: (cause) => say({ text: sentenceOf(failureOf(cause), language) }),
  })
  if (residents.data && others.length === 0) return <p className="meta grow">{t('city.addMemberNone')}</p>
  return (
    <Menu
      trigger={
        <Button icon={UserPlus} className="grow">
          {t('city.addMember')}
        </Button>
      }
    >
      {others.map((resident) => (
        <MenuItem key={resident.id} icon={UserPlus} onSelect={() => add.mutate(resident)}>
          {resident.name}
        </MenuItem>
      ))}
    </Menu>
  )
}
