import { z } from 'zod'
import { get } from '../../kernel/contract.ts'
import { CityRole } from '../../kernel/principal.ts'
import { PresenceState } from './presence.contract.ts'

/** A resident or an agent, as others meet them. */
export const Neighbour = z.object({
  id: z.string(),
  kind: z.enum(['person', 'agent', 'service']),
  name: z.string(),
  role: CityRole,
  /** What they are at now. */
  state: PresenceState,
  /** What an agent is for, in both languages. */
  about: z.object({ en: z.string(), uk: z.string() }).nullable(),
})
export type Neighbour = z.infer<typeof Neighbour>

/** Who lives in the city. */
export const peopleOperations = {
  people: get('/api/city/people', {
    right: 'city.person.read',
    summary:
      'Residents and agents in the order of their names, with what they are at; by words of their names',
    input: z.object({
      q: z.string().max(200).default(''),
      kind: z.enum(['person', 'agent']).optional(),
      limit: z.number().int().min(1).max(200).default(50),
      /** The id of the last one of the page before. */
      after: z.string().max(200).optional(),
    }),
    output: z.object({ items: z.array(Neighbour), next: z.string().optional() }),
  }),
  person: get('/api/city/people/:person', {
    right: 'city.person.read',
    summary: 'One of them, with the rooms we share',
    input: z.object({ person: z.string() }),
    output: Neighbour.extend({
      rooms: z.array(z.object({ id: z.string(), slug: z.string(), name: z.string() })),
    }),
  }),
}
