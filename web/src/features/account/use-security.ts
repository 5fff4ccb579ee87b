import { useQueryClient } from '@tanstack/react-query'

export const SECURITY = ['security']
export const SESSIONS = ['sessions']

/** Asks anew what guards the account, and where one is signed in. */
export function useRefreshSecurity() {
  const queries = useQueryClient()
  return async () => {
    await queries.invalidateQueries({ queryKey: SECURITY })
    await queries.invalidateQueries({ queryKey: SESSIONS })
  }
}
