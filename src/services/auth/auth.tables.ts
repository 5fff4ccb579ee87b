import type { ColumnType, JSONColumnType } from 'kysely'
import type { CityRole, Principal } from '../../kernel/principal.ts'

type Nullable<T> = ColumnType<T | null, T | null | undefined, T | null>

export interface PrincipalRow {
  id: string
  kind: Principal['kind']
  name: string
  role: CityRole
  locale: Nullable<'uk' | 'en'>
  created_at: Date
  disabled_at: Nullable<Date>
  disabled_reason: Nullable<string>
  erased_at: Nullable<Date>
  /** To the minute. */
  seen_at: Nullable<Date>
}

interface IdentityRow {
  provider: string
  external_id: string
  principal: string
  /** What a reader knows it by. */
  label: Nullable<string>
  created_at: Date
}

/** better-auth's own tables. */
interface UserRow {
  id: string
  name: string
  email: string
  email_verified: boolean
  image: Nullable<string>
  created_at: Date
  updated_at: Date
}

interface AccountRow {
  id: string
  account_id: string
  provider_id: string
  user_id: string
  password: Nullable<string>
  created_at: Date
  updated_at: Date
}

interface SessionRow {
  id: string
  token: string
  user_id: string
  expires_at: Date
  ip_address: Nullable<string>
  user_agent: Nullable<string>
  last_seen_at: Nullable<Date>
  created_at: Date
  updated_at: Date
}

interface WelcomeRow {
  single: ColumnType<boolean, true | undefined, never>
  nonce: string
  used_at: Nullable<Date>
}

export interface InvitationRow {
  id: string
  token_hash: string
  role: Exclude<CityRole, 'owner'>
  room: Nullable<string>
  made_by: string
  uses: ColumnType<number, number | undefined>
  max_uses: number
  created_at: Date
  expires_at: Date
  revoked_at: Nullable<Date>
}

interface ApiKeyRow {
  id: string
  principal: string
  name: string
  start: string
  /** Hex sha256 of the whole key. */
  hash: string
  /** Null for all that the owner may do, but over credentials. */
  scopes: JSONColumnType<string[] | null, string | null, never>
  created_at: Date
  last_used_at: Nullable<Date>
  expires_at: Nullable<Date>
  revoked_at: Nullable<Date>
}

interface AuditRow {
  id: string
  at: Date
  /** Null for the city itself. */
  actor: string | null
  action: string
  subject: string
  detail: JSONColumnType<Record<string, string | number | null>>
  request_id: string | null
}

export interface OneTimeRow {
  id: string
  kind: string
  principal: string | null
  value: Nullable<string>
  created_at: Date
  expires_at: Date
  used_at: Nullable<Date>
}

export interface SignUpRow {
  id: string
  email: string
  name: string
  /** Hashed; empty where the city sends mail, since whoever proves the address sets it. */
  password: string
  locale: 'uk' | 'en' | null
  waits_for: 'approval' | 'address'
  /** By which they ask, where they do by one. */
  invitation: string | null
  created_at: Date
  expires_at: Date
}

interface TotpRow {
  principal: string
  /** Encrypted. */
  secret: string
  confirmed_at: Nullable<Date>
  last_step: ColumnType<string | number, number | undefined, number>
  created_at: Date
}

interface RecoveryCodeRow {
  /** Keyed hash of the code and its principal. */
  hash: string
  principal: string
  used_at: Nullable<Date>
}

export interface PasskeyRow {
  id: string
  principal: string
  name: string
  /** Its own id, base64url. */
  credential: string
  /** COSE, base64url. */
  public_key: string
  counter: ColumnType<string | number, number, number>
  /** By comma. */
  transports: string
  synced: boolean
  domain: string
  created_at: Date
  last_used_at: Nullable<Date>
}

interface AttemptRow {
  key: string
  count: number
  reset_at: Date
}

// A type, not an interface: Kysely asks for an index signature.
export type AuthTables = {
  'auth.principal': PrincipalRow
  'auth.identity': IdentityRow
  'auth.user': UserRow
  'auth.account': AccountRow
  'auth.session': SessionRow
  'auth.welcome': WelcomeRow
  'auth.invitation': InvitationRow
  'auth.api_key': ApiKeyRow
  'auth.audit': AuditRow
  'auth.one_time': OneTimeRow
  'auth.sign_up': SignUpRow
  'auth.totp': TotpRow
  'auth.recovery_code': RecoveryCodeRow
  'auth.passkey': PasskeyRow
  'auth.attempt': AttemptRow
}
