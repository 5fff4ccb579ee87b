import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import type { Me } from '../../../../src/services/auth/door.contract.ts'

/** Goes into the city as whoever has just come in; nothing of an earlier resident stays in memory. */
export function useEnter() {
  const queries = useQueryClient()
  const router = useRouter()
  return (me: Me, to: string) => {
    queries.clear()
    queries.setQueryData(['me'], me)
    router.history.push(to)
  }
}

/** A path of this city, with its query; anything else is the front page. */
export function pathInside(to: string | undefined, origin: string): string {
  if (to === undefined || !URL.canParse(to, origin)) return '/'
  const url = new URL(to, origin)
  const loops = url.pathname === '/sign-in'
  return url.origin === origin && to.startsWith('/') && !loops ? url.pathname + url.search + url.hash : '/'
}
