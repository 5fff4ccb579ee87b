import { z } from 'zod'
import { channel, event } from '../../kernel/event.ts'
import { Principal } from '../../kernel/principal.ts'

/** Somebody became a resident: an account was made. */
export const residentJoined = event('auth.resident_joined', 1, z.object({ principal: Principal }))

/** A credential stopped working. Broadcast, so that every open socket that came in by it closes at once. `id` is absent when all of the principal's credentials are gone. */
export const credentialRevoked = channel(
  'auth.credential_revoked',
  z.object({ principal: z.string(), type: z.enum(['session', 'key', 'all']), id: z.string().optional() }),
)
