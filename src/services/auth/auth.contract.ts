import { z } from 'zod'
import { del, get, post } from '../../kernel/contract.ts'
import { CityRole, Principal } from '../../kernel/principal.ts'
import { auditOperations } from './audit.contract.ts'
import { keyOperations } from './keys.contract.ts'
import { residentOperations } from './residents.contract.ts'

const Email = z.email().max(254)
const Password = z.string().min(10).max(256)
const Name = z.string().trim().min(1).max(80)

/** Who is signed in, as their own browser sees them. */
export const Me = Principal.extend({ email: z.string().nullable(), locale: z.enum(['uk', 'en']).nullable() })
export type Me = z.infer<typeof Me>

export const Invitation = z.object({
  id: z.string(),
  role: CityRole,
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  uses: z.number().int(),
  maxUses: z.number().int(),
})
export type Invitation = z.infer<typeof Invitation>

/** How a caller proved who it is; a revocation names the same credential. */
export const Credential = z.object({ type: z.enum(['session', 'key']), id: z.string() })
export type Credential = z.infer<typeof Credential>

export const authContract = {
  welcome: post('/api/auth/welcome', {
    right: 'auth.account.open',
    summary:
      'Make the first account, the city’s owner, with the one-time token of the first start; opens a session',
    access: 'public',
    status: 201,
    input: z.object({ token: z.string().max(256), email: Email, password: Password, name: Name }),
    output: Me,
    errors: ['conflict', 'forbidden', 'rate_limited'],
  }),
  signUp: post('/api/auth/sign-up/invitation', {
    right: 'auth.account.open',
    summary: 'Make an account with an invitation’s token; opens a session',
    access: 'public',
    status: 201,
    input: z.object({ token: z.string().max(256), email: Email, password: Password, name: Name }),
    output: Me,
    errors: ['conflict', 'forbidden', 'rate_limited'],
  }),
  signIn: post('/api/auth/sign-in/email', {
    right: 'auth.session.open',
    summary: 'Open a session; the cookie is HttpOnly',
    access: 'public',
    input: z.object({ email: z.string().max(254), password: z.string().max(256) }),
    output: Me,
    errors: ['unauthenticated', 'rate_limited'],
  }),
  signOut: post('/api/auth/sign-out', {
    right: 'auth.session.remove',
    summary: 'End the session of this browser',
    access: 'public',
    input: z.object({}),
    output: z.object({ done: z.literal(true) }),
  }),
  me: get('/api/auth/me', {
    right: 'auth.account.read',
    summary: 'Who I am',
    input: z.object({}),
    output: Me,
  }),
  door: get('/api/auth/door', {
    right: 'auth.city.read',
    summary: 'What a visitor meets: a city without an owner, or its sign',
    access: 'public',
    input: z.object({}),
    output: z.object({ city: z.string(), owned: z.boolean(), residents: z.number().int() }),
  }),
  invite: post('/api/auth/invitations', {
    right: 'auth.invitation.open',
    summary: 'Make an invitation link; its token is shown once',
    access: 'operator',
    status: 201,
    input: z.object({
      role: CityRole.exclude(['owner']).default('resident'),
      maxUses: z.number().int().min(1).max(1000).default(1),
      days: z.number().int().min(1).max(90).default(7),
    }),
    output: Invitation.extend({ token: z.string(), url: z.string() }),
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
  invitation: post('/api/auth/invitation', {
    right: 'auth.invitation.read',
    summary: 'What an invitation opens, before accepting it',
    access: 'public',
    input: z.object({ token: z.string().max(256) }),
    output: z.object({
      city: z.string(),
      role: CityRole,
      expiresAt: z.iso.datetime(),
      /** The name of who made it; null where that was no person. */
      by: z.string().nullable(),
    }),
    errors: ['not_found', 'rate_limited'],
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
  enrolAgent: post('/api/auth/agents', {
    right: 'auth.principal.open',
    summary: 'Make an agent a principal, or rename it; the same id again changes nothing else',
    access: 'service',
    input: z.object({ id: z.string(), name: z.string() }),
    output: Principal,
    errors: ['conflict'],
  }),
}
