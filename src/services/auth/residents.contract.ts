import { z } from 'zod'
import { get, patch, post } from '../../kernel/contract.ts'
import { CityRole, Principal } from '../../kernel/principal.ts'

/** A resident as those who run the city see them. */
export const Person = Principal.omit({ scopes: true }).extend({
  email: z.string().nullable(),
  joinedAt: z.iso.datetime(),
  /** To the minute; null for who never came. */
  seenAt: z.iso.datetime().nullable(),
  disabled: z.object({ at: z.iso.datetime(), reason: z.string().nullable() }).nullable(),
})
export type Person = z.infer<typeof Person>

const page = {
  limit: z.number().int().min(1).max(200).default(50),
  after: z.string().optional(),
}

export const residentOperations = {
  residents: get('/api/auth/residents', {
    right: 'auth.resident.read',
    summary: 'The people of the city',
    input: z.object(page),
    output: z.object({ items: z.array(Principal), next: z.string().optional() }),
  }),
  people: get('/api/auth/people', {
    right: 'auth.person.read',
    summary: 'The people of the city with address, role and state, as those who run it see them',
    access: 'operator',
    input: z.object({
      ...page,
      /** A piece of a name or an address. */
      q: z.string().trim().max(100).optional(),
      role: CityRole.optional(),
      disabled: z.boolean().optional(),
    }),
    output: z.object({ items: z.array(Person), next: z.string().optional() }),
  }),
  changeResident: patch('/api/auth/residents/:principal', {
    right: 'auth.person.change',
    summary: 'Change a resident’s role, or disable them: then everything of theirs stops at once',
    access: 'operator',
    input: z.object({
      principal: z.string(),
      role: CityRole.exclude(['owner']).optional(),
      disabled: z.boolean().optional(),
      /** Why they are disabled: they are told, and it is kept. */
      reason: z.string().trim().min(1).max(500).optional(),
    }),
    output: Person,
    errors: ['conflict'],
  }),
  handOver: post('/api/auth/owner', {
    right: 'auth.owner.change',
    summary: 'Hand the city over: the resident becomes its owner, and its owner an admin',
    access: 'operator',
    input: z.object({ principal: z.string() }),
    output: Person,
    errors: ['not_found', 'conflict'],
  }),
}
