import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { agentsQuery } from '../city/members.ts'
import { usePresence } from './use-presence.ts'

/** What the agent that is called first in this room is at, where that is worth a word. */
export function AgentNow({ room }: { room: Room }) {
  const agents = useQuery(agentsQuery(useApi()))
  const first = agents.data?.find(({ slug }) => slug === room.replyPolicy.agents[0])
  if (!first || room.replyPolicy.mode === 'off') return null
  return <Now id={first.id} name={first.name} />
}

function Now({ id, name }: { id: string; name: string }) {
  const { t } = useTranslation()
  const state = usePresence(id)
  if (state === 'idle' || state === 'gone') return null
  return (
    <span className="text-patina-ink">
      {' · '}
      {name}: {t(`people.state.${state}`)}
    </span>
  )
}
