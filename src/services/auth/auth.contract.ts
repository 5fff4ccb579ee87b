import { z } from 'zod'
import { del, get, post } from '../../kernel/contract.ts'
import { CityRole, Principal } from '../../kernel/principal.ts'
import { accountOperations } from './accounts.contract.ts'
import { auditOperations } from './audit.contract.ts'
import { keyOperations } from './keys.contract.ts'
import { residentOperations } from './residents.contract.ts'

export const Invitation = z.object({
  id: z.string(),
  role: CityRole,
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  room: z.string().nullable(),
  /** How often it was used. */
  uses: z.number().int(),
  maxUses: z.number().int(),
})
export type Invitation = z.infer<typeof Invitation>

/** How a caller proved who it is; a revocation names the same credential. */
export const Credential = z.object({ type: z.enum(['session', 'key']), id: z.string() })
export type Credential = z.infer<typeof Credential>

export const authContract = {
  ...accountOperations,
  invite: post('/api/auth/invitations', {
    right: 'auth.invitation.open',
    summary: 'Make an invitation link; its code is shown once',
    access: 'operator',
    status: 201,
    input: z.object({
      role: CityRole.exclude(['owner']).default('resident'),
      /** The id of a room that whoever comes is let into as well, where the inviter may let people in. */
      room: z.string().max(64).optional(),
      uses: z.number().int().min(1).max(1000).default(1),
      /** At most 90 days away; in 7 days where nothing is said. */
      expiresAt: z.iso.datetime({ offset: true }).optional(),
    }),
    output: Invitation.extend({ code: z.string(), link: z.string() }),
    errors: ['invalid'],
  }),
  invitations: get('/api/auth/invitations', {
    right: 'auth.invitation.read',
    summary: 'The invitations that still work',
    access: 'operator',
    input: z.object({}),
    output: z.object({ items: z.array(Invitation) }),
  }),
  revokeInvitation: del('/api/auth/invitations/:invitation', {
    right: 'auth.invitation.remove',
    summary: 'Withdraw an invitation',
    access: 'operator',
    input: z.object({ invitation: z.string() }),
    output: z.object({ done: z.literal(true) }),
  }),
  ...keyOperations,
  ...residentOperations,
  ...auditOperations,
  identify: post('/api/auth/identify', {
    right: 'auth.credential.identify',
    summary: 'Whose credential this is; null where it is nobody’s',
    access: 'service',
    input: z.object({ bearer: z.string().optional(), cookie: z.string().optional() }),
    output: z.object({ principal: Principal, credential: Credential }).nullable(),
  }),
  principals: post('/api/auth/principals', {
    right: 'auth.principal.read',
    summary: 'Principals by their ids; unknown ones are left out',
    access: 'service',
    input: z.object({ ids: z.array(z.string()).max(500) }),
    output: z.object({ items: z.array(Principal) }),
  }),
  standing: post('/api/auth/credentials/standing', {
    right: 'auth.credential.identify',
    summary: 'Those of these sessions and keys that still let somebody in',
    access: 'service',
    input: z.object({ ids: z.array(z.string().max(200)).max(500) }),
    output: z.object({ ids: z.array(z.string()) }),
  }),
  enrolAgent: post('/api/auth/agents', {
    right: 'auth.principal.open',
    summary: 'Make an agent a principal, or rename it; the same id again changes nothing else',
    access: 'service',
    input: z.object({ id: z.string(), name: z.string() }),
    output: Principal,
    errors: ['conflict'],
  }),
}
