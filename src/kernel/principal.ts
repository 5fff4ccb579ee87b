import { z } from 'zod'

/** What a person or agent is in the whole city. Ordered: each holds what the next one holds. */
export const CityRole = z.enum(['owner', 'admin', 'resident'])
export type CityRole = z.infer<typeof CityRole>

/** Whoever acts: a person, an agent or a service, always one id. */
export const Principal = z.object({
  id: z.string(),
  kind: z.enum(['person', 'agent', 'service']),
  name: z.string(),
  role: CityRole,
})
export type Principal = z.infer<typeof Principal>

/** Whether a principal runs the city: its owner and admins do. */
export const isOperator = (principal: Principal | null): boolean =>
  principal?.role === 'owner' || principal?.role === 'admin'
