import { queryOptions } from '@tanstack/react-query'
import type { Room } from '../../../../src/services/city/city.contract.ts'
import type { Api } from '../../api.ts'

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

export const residentsQuery = (api: Api) =>
  queryOptions({
    queryKey: ['residents'],
    queryFn: async () => (await api.auth.residents({ limit: 200 })).items,
  })
