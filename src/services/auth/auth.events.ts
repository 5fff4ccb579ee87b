import { z } from 'zod'
import { channel, event } from '../../kernel/event.ts'
import { Principal } from '../../kernel/principal.ts'

/** Somebody became a resident: an account was made. Where the invitation names a room, its maker’s rights there decide whether it opens. */
export const residentJoined = event(
  'auth.resident_joined',
  1,
  z.object({ principal: Principal, room: z.string().optional(), invitedBy: z.string().optional() }),
)

/** Somebody is erased: their account is gone, and whoever keeps something of theirs forgets it. The name they had is told, so that it is found in what others keep. */
export const residentErased = event(
  'auth.resident_erased',
  1,
  z.object({ principal: z.string(), name: z.string() }),
)

/** What somebody is allowed changed somewhere else than here, such as in a room; the audit log keeps it. */
export const rightsChanged = event(
  'auth.rights_changed',
  1,
  z.object({
    actor: z.string().nullable(),
    /** Such as `member.added`. */
    action: z.string(),
    /** Whose rights: a principal. */
    subject: z.string(),
    /** Ids and roles; never words of people. */
    detail: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
  }),
)

/** A letter is due: what it is about is read when it is sent, so no secret is in the event. */
export const letterDue = event(
  'auth.letter_due',
  1,
  z.object({ letter: z.enum(['reset', 'verify', 'sign_up']), id: z.string() }),
)

/** A credential stopped working. Broadcast, so that every open socket that came in by it closes at once. `id` is absent when all of the principal's credentials are gone. `role`: they work on, but what the principal is has changed, and open sockets come back as that. */
export const credentialRevoked = channel(
  'auth.credential_revoked',
  z.object({
    principal: z.string(),
    type: z.enum(['session', 'key', 'all', 'role']),
    id: z.string().optional(),
  }),
)
