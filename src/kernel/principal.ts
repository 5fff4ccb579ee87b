import { z } from 'zod'

/** What a person or agent is in the whole city. Ordered: each holds what the next one holds. */
export const CityRole = z.enum(['owner', 'admin', 'resident'])
export type CityRole = z.infer<typeof CityRole>

/** A pattern of rights, `*` for any name: `city.message.*`. */
export const Scope = z.string().regex(/^(\*|[a-z][a-z0-9_-]{0,40})(\.(\*|[a-z][a-z0-9_-]{0,40})){2}$/)

/** Whoever acts: a person, an agent or a service, always one id. */
export const Principal = z.object({
  id: z.string(),
  kind: z.enum(['person', 'agent', 'service']),
  name: z.string(),
  role: CityRole,
  /** What they came in by reaches this far only; absent for a session, which reaches everything. */
  scopes: z.array(Scope).max(50).optional(),
})
export type Principal = z.infer<typeof Principal>

/** Whether scopes hold a right, or a narrower scope. A star never reaches credentials: they are named, or not held. */
export function reaches(scopes: readonly string[] | undefined, wanted: string): boolean {
  if (!scopes) return true
  const named = wanted.startsWith('auth.credential.') ? 2 : 0
  const fits = (own: string[]) =>
    wanted.split('.').every((name, i) => own[i] === name || (own[i] === '*' && i >= named))
  return scopes.some((scope) => fits(scope.split('.')))
}

/** Whether a principal runs the city: its owner and admins do. */
export const isOperator = (principal: Principal | null): boolean =>
  principal?.role === 'owner' || principal?.role === 'admin'
