import { z } from 'zod'
import { get } from '../../kernel/contract.ts'
import { Principal } from '../../kernel/principal.ts'

/** The languages the city speaks. */
export const Locale = z.enum(['uk', 'en'])

/** Who is signed in, as their own browser sees them. */
export const Me = Principal.extend({ email: z.string().nullable(), locale: Locale.nullable() })
export type Me = z.infer<typeof Me>

/** What every page asks first, whoever looks at it. */
export const doorOperations = {
  me: get('/api/auth/me', {
    summary: 'Who I am',
    right: 'auth.account.read',
    input: z.object({}),
    output: Me,
  }),
  door: get('/api/auth/door', {
    summary: 'What a visitor meets: a city without an owner, or its sign and how one comes in',
    right: 'auth.city.read',
    access: 'public',
    input: z.object({}),
    output: z.object({
      city: z.string(),
      owned: z.boolean(),
      residents: z.number().int(),
      signUp: z.enum(['invitation', 'open']),
      /** Whether the city can send letters. */
      mail: z.boolean(),
    }),
  }),
}
