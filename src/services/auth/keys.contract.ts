import { z } from 'zod'
import { del, get, post } from '../../kernel/contract.ts'
import { Scope } from '../../kernel/principal.ts'

const Scopes = z.array(Scope).min(1).max(50)

export const ApiKey = z.object({
  id: z.string(),
  name: z.string(),
  /** The first characters, to tell keys apart; the rest is known to nobody. */
  start: z.string(),
  /** Patterns of the rights it was made with; null for all that its owner may do, but over credentials. */
  scopes: Scopes.nullable(),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
  expiresAt: z.iso.datetime().nullable(),
})
export type ApiKey = z.infer<typeof ApiKey>

export const keyOperations = {
  makeKey: post('/api/auth/keys', {
    right: 'auth.credential.open',
    summary: 'Make an API key; it is shown once, and never holds more than who makes it',
    status: 201,
    input: z.object({
      name: z.string().trim().min(1).max(80),
      scopes: Scopes.optional(),
      expiresAt: z.iso.datetime({ offset: true }).optional(),
      expiresInDays: z.number().int().min(1).max(730).optional(),
    }),
    output: ApiKey.pick({ id: true, name: true, scopes: true, expiresAt: true }).extend({ key: z.string() }),
    errors: ['conflict'],
  }),
  keys: get('/api/auth/keys', {
    right: 'auth.credential.read',
    summary: 'My API keys',
    input: z.object({}),
    output: z.object({ items: z.array(ApiKey) }),
  }),
  revokeKey: del('/api/auth/keys/:key', {
    right: 'auth.credential.remove',
    summary: 'Revoke an API key; it stops working at once',
    input: z.object({ key: z.string() }),
    output: z.object({ done: z.literal(true) }),
  }),
}
