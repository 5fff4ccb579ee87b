import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useApi } from '../../context.tsx'

const MODELS = ['models']
const PULLING_MS = 1_000
const REFRESH_MS = 10_000

/** The models of this machine, for an operator: looked at every ten seconds, each second while one comes in. */
export function useModels() {
  const api = useApi()
  return useQuery({
    queryKey: MODELS,
    queryFn: async () => (await api.gateway.models({})).items,
    refetchInterval: ({ state }) =>
      state.data?.some((model) => model.state === 'pulling') ? PULLING_MS : REFRESH_MS,
  })
}

/** Begins to fetch a model; `useModels` tells how far it is. */
export function usePull(model: string) {
  const api = useApi()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => api.gateway.pullModel({ model }),
    onSettled: () => queries.invalidateQueries({ queryKey: MODELS }),
  })
}
