import { queryOptions, useSuspenseQuery } from '@tanstack/react-query'
import { AppError } from '../../../../src/kernel/errors.ts'
import type { Me } from '../../../../src/services/auth/door.contract.ts'
import type { Api } from '../../api.ts'
import { useApi } from '../../context.tsx'

/** Who is signed in; null for nobody. Any other failure is thrown. */
export const meQuery = (api: Api) =>
  queryOptions({
    queryKey: ['me'],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async (): Promise<Me | null> => {
      try {
        return await api.auth.me({})
      } catch (cause) {
        if (AppError.from(cause).kind === 'unauthenticated') return null
        throw cause
      }
    },
  })

/** Who is signed in, inside the pages that need it. */
export function useMe(): Me | null {
  return useSuspenseQuery(meQuery(useApi())).data
}
