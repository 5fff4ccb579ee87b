import { z } from 'zod'
import { del, get, patch, post } from '../../kernel/contract.ts'
import { CityRole, Principal } from '../../kernel/principal.ts'
import { doorOperations, Locale, Me } from './door.contract.ts'

const Email = z.email().max(254)
const Password = z.string().min(10).max(256)
/** A password somebody says they have: judged by comparing it, not by its shape. */
const Guess = z.string().max(256)
const Token = z.string().max(256)
const Name = z.string().trim().min(1).max(80)
const Done = z.object({ done: z.literal(true) })

/** The password was right, and the account asks for a code as well: `signInTotp` takes the ticket for five minutes. */
export const SecondStep = z.object({ next: z.literal('totp'), ticket: z.string() })
export type SecondStep = z.infer<typeof SecondStep>

/** A sign-up that nobody is let in by yet: an admin has to agree, or its address to prove that it is theirs. The same whether the address is known here or not. */
export const Waiting = z.object({ waitsFor: z.enum(['approval', 'address']) })
export type Waiting = z.infer<typeof Waiting>

export const Session = z.object({
  id: z.string(),
  /** What the browser called itself; null where that says nothing. */
  browser: z.string().nullable(),
  system: z.string().nullable(),
  phone: z.boolean(),
  address: z.string().nullable(),
  createdAt: z.iso.datetime(),
  /** To within a minute. */
  lastSeenAt: z.iso.datetime(),
  /** The one that asks. */
  current: z.boolean(),
})
export type Session = z.infer<typeof Session>

export const Passkey = z.object({
  id: z.string(),
  name: z.string(),
  /** The name of the city's address that it opens. */
  domain: z.string(),
  synced: z.boolean(),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
})
export type Passkey = z.infer<typeof Passkey>

/** What guards one's account. */
export const Security = z.object({
  email: z.string().nullable(),
  emailVerified: z.boolean(),
  passwordChangedAt: z.iso.datetime().nullable(),
  totp: z.object({ since: z.iso.datetime(), recoveryCodesLeft: z.number().int() }).nullable(),
  passkeys: z.array(Passkey),
})
export type Security = z.infer<typeof Security>

export const Provider = z.enum(['telegram', 'matrix'])
export type Provider = z.infer<typeof Provider>
const ExternalId = z.string().min(1).max(255)

export const Link = z.object({
  provider: Provider,
  externalId: z.string(),
  label: z.string().nullable(),
  linkedAt: z.iso.datetime(),
})
export type Link = z.infer<typeof Link>

export const SignUp = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  createdAt: z.iso.datetime(),
})
export type SignUp = z.infer<typeof SignUp>

export const Reset = z.object({
  id: z.string(),
  person: Principal,
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
})
export type Reset = z.infer<typeof Reset>

const base64url = z.string().max(16_384)
/** What a browser's authenticator answers, as `@simplewebauthn/browser` writes it. */
const PasskeyAnswer = z.object({
  id: base64url,
  rawId: base64url,
  type: z.literal('public-key'),
  clientExtensionResults: z.record(z.string(), z.unknown()).default({}),
  authenticatorAttachment: z.enum(['cross-platform', 'platform']).optional(),
})
export const NewPasskey = PasskeyAnswer.extend({
  response: z.object({
    clientDataJSON: base64url,
    attestationObject: base64url,
    transports: z.array(z.string().max(32)).max(10).optional(),
  }),
})
export type NewPasskey = z.infer<typeof NewPasskey>
export const UsedPasskey = PasskeyAnswer.extend({
  response: z.object({
    clientDataJSON: base64url,
    authenticatorData: base64url,
    signature: base64url,
    userHandle: base64url.optional(),
  }),
})
export type UsedPasskey = z.infer<typeof UsedPasskey>

/** WebAuthn's options as JSON; the browser's authenticator reads them. */
const PasskeyOptions = z.object({ ticket: z.string(), options: z.record(z.string(), z.unknown()) })

const account = { email: Email, password: Password, name: Name }
/** Inside a session only: no key, however many rights it has, touches what guards the account. */
const INSIDE = ['forbidden', 'rate_limited'] as const

/** How people come in, prove who they are and keep others out. */
export const accountOperations = {
  welcome: post('/api/auth/welcome', {
    summary:
      'Make the first account, the city’s owner, with the one-time token of the first start; opens a session',
    right: 'auth.account.open',
    access: 'public',
    status: 201,
    input: z.object({ token: Token, ...account }),
    output: Me,
    errors: ['conflict', 'forbidden', 'rate_limited'],
  }),
  signUp: post('/api/auth/sign-up', {
    summary:
      'Make an account: with an invitation’s code it opens a session (201); where the city sends mail, and without a code where the city is open, it waits (202, whoever asks). Where the city sends mail, the password is set by whoever proves the address; here it is needed only where it does not',
    right: 'auth.account.open',
    access: 'public',
    status: 201,
    input: z.object({ code: Token.optional(), ...account, password: Password.optional() }),
    output: z.union([Me, Waiting]),
    errors: ['conflict', 'forbidden', 'rate_limited'],
  }),
  confirmSignUp: post('/api/auth/sign-up/confirm', {
    summary:
      'Prove the address of a sign-up with the token that was mailed to it; the account is made, with this password',
    right: 'auth.account.open',
    access: 'public',
    input: z.object({ token: Token, password: Password }),
    output: Done,
    errors: ['conflict', 'forbidden', 'rate_limited'],
  }),
  signUps: get('/api/auth/sign-ups', {
    summary: 'Who waits to be let in',
    right: 'auth.sign_up.read',
    access: 'operator',
    input: z.object({}),
    output: z.object({ items: z.array(SignUp) }),
  }),
  approveSignUp: post('/api/auth/sign-ups/:signUp/approve', {
    summary: 'Let somebody in who waits',
    right: 'auth.sign_up.approve',
    access: 'operator',
    input: z.object({ signUp: z.string() }),
    output: Principal,
  }),
  refuseSignUp: del('/api/auth/sign-ups/:signUp', {
    summary: 'Turn somebody away who waits; nothing of theirs is kept',
    right: 'auth.sign_up.refuse',
    access: 'operator',
    input: z.object({ signUp: z.string() }),
    output: Done,
  }),
  signIn: post('/api/auth/sign-in/email', {
    summary:
      'Open a session with a password; the cookie is HttpOnly. Where the account asks for a code too, a ticket for it',
    right: 'auth.session.open',
    access: 'public',
    input: z.object({ email: z.string().max(254), password: Guess }),
    output: z.union([Me, SecondStep]),
    errors: ['unauthenticated', 'rate_limited'],
  }),
  signInTotp: post('/api/auth/sign-in/totp', {
    summary: 'The second step: a code of the authenticator, or a recovery code; opens the session',
    right: 'auth.session.open',
    access: 'public',
    input: z.object({ ticket: Token, code: z.string().max(40) }),
    output: Me,
    errors: ['unauthenticated', 'rate_limited'],
  }),
  passkeyQuestion: post('/api/auth/sign-in/passkey/options', {
    summary: 'What to ask the browser’s authenticator, to sign in by a passkey',
    right: 'auth.session.open',
    access: 'public',
    input: z.object({}),
    output: PasskeyOptions,
    errors: ['conflict', 'rate_limited'],
  }),
  signInPasskey: post('/api/auth/sign-in/passkey', {
    summary: 'Open a session with a passkey, without a password',
    right: 'auth.session.open',
    access: 'public',
    input: z.object({ ticket: Token, response: UsedPasskey }),
    output: Me,
    errors: ['unauthenticated', 'conflict', 'rate_limited'],
  }),
  signOut: post('/api/auth/sign-out', {
    summary: 'End the session of this browser',
    right: 'auth.session.remove',
    access: 'public',
    input: z.object({}),
    output: Done,
  }),
  ...doorOperations,
  changeMe: patch('/api/auth/me', {
    summary: 'Change my name or the language of my letters',
    right: 'auth.account.change',
    input: z.object({ name: Name.optional(), locale: Locale.optional() }),
    output: Me,
  }),
  erase: post('/api/auth/residents/:principal/erase', {
    summary:
      'Erase an account for good, one’s own or, as the owner, anybody’s: nothing leads back in, the name is gone, and in the background all they said and kept. With the password of whoever asks',
    right: 'auth.credential.erase',
    input: z.object({ principal: z.string().max(100), password: Guess }),
    output: Done,
    errors: ['not_found', 'conflict', ...INSIDE],
  }),
  security: get('/api/auth/security', {
    summary: 'What guards my account',
    right: 'auth.credential.read',
    input: z.object({}),
    output: Security,
  }),
  changePassword: post('/api/auth/password', {
    summary: 'Change my password, with the old one; my other sessions end',
    right: 'auth.credential.change',
    input: z.object({ old: Guess, password: Password }),
    output: Done,
    errors: [...INSIDE],
  }),
  forgotten: post('/api/auth/password/forgotten', {
    summary:
      'Ask for a link to a new password: mailed, or given by an admin. Answers alike whoever is asked for',
    right: 'auth.credential.reset',
    access: 'public',
    status: 202,
    input: z.object({ email: z.string().max(254) }),
    output: z.object({ by: z.enum(['mail', 'admin']) }),
    errors: ['rate_limited'],
  }),
  resetPassword: post('/api/auth/password/reset', {
    summary: 'Set a new password with the token of a link; all sessions end',
    right: 'auth.credential.reset',
    access: 'public',
    input: z.object({ token: Token, password: Password }),
    output: Done,
    errors: ['forbidden', 'rate_limited'],
  }),
  resets: get('/api/auth/resets', {
    summary: 'Who has forgotten their password and waits for a link from us',
    right: 'auth.credential.recover',
    access: 'operator',
    input: z.object({}),
    output: z.object({ items: z.array(Reset) }),
  }),
  resetLink: post('/api/auth/resets/:reset/link', {
    summary:
      'The link for somebody who forgot their password, to be handed over; it is noted in the audit log',
    right: 'auth.credential.recover',
    access: 'operator',
    input: z.object({ reset: z.string() }),
    output: z.object({ link: z.string(), expiresAt: z.iso.datetime() }),
  }),
  recover: post('/api/auth/recoveries', {
    summary:
      'On the machine itself: a link that sets a new password and takes the second step and the passkeys away',
    right: 'auth.account.recover',
    access: 'service',
    input: z.object({ email: z.string().max(254).optional() }),
    output: z.object({ link: z.string(), email: z.string(), name: z.string(), expiresAt: z.iso.datetime() }),
    errors: ['not_found', 'conflict'],
  }),
  askVerification: post('/api/auth/email/verification', {
    summary: 'Mail me a link that proves my address',
    right: 'auth.account.verify',
    status: 202,
    input: z.object({}),
    output: Done,
    errors: ['conflict', 'rate_limited'],
  }),
  verifyEmail: post('/api/auth/email/verify', {
    summary: 'Prove an address with the token that was mailed to it',
    right: 'auth.account.verify',
    access: 'public',
    input: z.object({ token: Token }),
    output: Done,
    errors: ['forbidden', 'rate_limited'],
  }),
  sessions: get('/api/auth/sessions', {
    summary: 'Where I am signed in',
    right: 'auth.credential.read',
    input: z.object({}),
    output: z.object({ items: z.array(Session) }),
  }),
  endSessions: del('/api/auth/sessions', {
    summary: 'Sign out everywhere, or everywhere else',
    right: 'auth.credential.remove',
    input: z.object({ except: z.enum(['current']).optional() }),
    output: z.object({ ended: z.number().int() }),
    errors: ['forbidden'],
  }),
  endSession: del('/api/auth/sessions/:session', {
    summary: 'End one of my sessions',
    right: 'auth.credential.remove',
    input: z.object({ session: z.string() }),
    output: Done,
    errors: ['forbidden'],
  }),
  beginTotp: post('/api/auth/totp', {
    summary: 'A secret for an authenticator; the first right code puts it in force',
    right: 'auth.credential.open',
    status: 201,
    input: z.object({ password: Guess }),
    output: z.object({ secret: z.string(), uri: z.string() }),
    errors: [...INSIDE, 'conflict'],
  }),
  confirmTotp: post('/api/auth/totp/confirm', {
    summary: 'The authenticator’s first code; recovery codes, shown this once',
    right: 'auth.credential.open',
    input: z.object({ code: z.string().max(40) }),
    output: z.object({ recoveryCodes: z.array(z.string()) }),
    errors: [...INSIDE, 'conflict'],
  }),
  newRecoveryCodes: post('/api/auth/totp/recovery-codes', {
    summary: 'New recovery codes; the old ones end',
    right: 'auth.credential.open',
    status: 201,
    input: z.object({ password: Guess }),
    output: z.object({ recoveryCodes: z.array(z.string()) }),
    errors: [...INSIDE, 'conflict'],
  }),
  removeTotp: post('/api/auth/totp/remove', {
    summary: 'Sign in without a code again',
    right: 'auth.credential.remove',
    input: z.object({ password: Guess }),
    output: Done,
    errors: [...INSIDE],
  }),
  newPasskeyQuestion: post('/api/auth/passkeys/options', {
    summary: 'What to ask the browser’s authenticator, to make a passkey',
    right: 'auth.credential.open',
    input: z.object({}),
    output: PasskeyOptions,
    errors: [...INSIDE, 'conflict'],
  }),
  addPasskey: post('/api/auth/passkeys', {
    summary: 'Add the passkey that the authenticator made',
    right: 'auth.credential.open',
    status: 201,
    input: z.object({ ticket: Token, name: Name, response: NewPasskey }),
    output: Passkey,
    errors: [...INSIDE, 'conflict'],
  }),
  removePasskey: del('/api/auth/passkeys/:passkey', {
    summary: 'Remove a passkey; it opens nothing any more',
    right: 'auth.credential.remove',
    input: z.object({ passkey: z.string() }),
    output: Done,
    errors: ['forbidden'],
  }),
  makeLinkCode: post('/api/auth/links', {
    summary: 'A one-time code that links my account elsewhere to me; works for ten minutes',
    right: 'auth.credential.open',
    status: 201,
    input: z.object({ provider: Provider }),
    output: z.object({ code: z.string(), expiresAt: z.iso.datetime() }),
    errors: [...INSIDE],
  }),
  links: get('/api/auth/links', {
    summary: 'My accounts elsewhere',
    right: 'auth.link.read',
    input: z.object({}),
    output: z.object({ items: z.array(Link) }),
  }),
  unlink: del('/api/auth/links/:provider', {
    summary: 'What is written there is not me any more',
    right: 'auth.credential.remove',
    input: z.object({ provider: Provider }),
    output: Done,
    errors: ['forbidden'],
  }),
  claimLink: post('/api/auth/links/claim', {
    summary: 'Bind the account elsewhere that showed a one-time code to whoever made the code',
    right: 'auth.link.claim',
    access: 'service',
    input: z.object({
      provider: Provider,
      code: z.string().max(40),
      externalId: ExternalId,
      label: z.string().trim().max(120).optional(),
    }),
    output: Principal,
    errors: ['forbidden', 'conflict', 'rate_limited'],
  }),
  linked: post('/api/auth/links/find', {
    summary: 'Whose account elsewhere this is; null where it is nobody’s',
    right: 'auth.link.find',
    access: 'service',
    input: z.object({ provider: Provider, externalId: ExternalId }),
    output: z.object({ principal: Principal.nullable() }),
  }),
  invitation: post('/api/auth/invitation', {
    summary: 'What an invitation opens, before accepting it',
    right: 'auth.invitation.read',
    access: 'public',
    input: z.object({ code: Token }),
    output: z.object({
      city: z.string(),
      role: CityRole,
      expiresAt: z.iso.datetime(),
      /** The name of who made it; null where that was no person. */
      by: z.string().nullable(),
    }),
    errors: ['not_found', 'rate_limited'],
  }),
}
