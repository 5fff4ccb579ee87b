import { queryOptions, useQuery } from '@tanstack/react-query'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import type { Api } from '../../api.ts'
import { useApi } from '../../context.tsx'

export const membersQuery = (api: Api, room: Room) =>
  queryOptions({
    queryKey: ['members', room.id],
    queryFn: async () => (await api.city.members({ room: room.id })).items,
  })

export const agentsQuery = (api: Api) =>
  queryOptions({
    queryKey: ['agents'],
    staleTime: 300_000,
    queryFn: async () => (await api.agents.agents({})).items,
  })

/** An agent's name by its slug; the slug itself until the agents are known. */
export function useAgentName(slug: string): string {
  const agents = useQuery(agentsQuery(useApi()))
  return agents.data?.find((agent) => agent.slug === slug)?.name ?? slug
}

export const residentsQuery = (api: Api) =>
  queryOptions({
    queryKey: ['residents'],
    queryFn: async () => (await api.auth.residents({ limit: 200 })).items,
  })
