export interface NewAccount {
  readonly name: string
  readonly email: string
  /** Left out where whoever proves the address sets it. */
  readonly password?: string
}
export type Fault = 'nameMissing' | 'emailMissing' | 'emailWrong' | 'passwordShort' | 'passwordLong'
export type Faults = Partial<Record<keyof NewAccount, Fault>>

export const PASSWORD_MIN = 10
const PASSWORD_MAX = 256
/** From here a password is hard to guess by its length alone. */
const PASSWORD_LONG = 16
const FEW_SIGNS = 5

/** What is wrong with a new account before it is sent, by field. */
export function faultsOf({ name, email, password }: NewAccount): Faults {
  return {
    ...(name.trim() === '' && { name: 'nameMissing' }),
    ...(email.trim() === '' && { email: 'emailMissing' }),
    ...(email.trim() !== '' && !/^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(email.trim()) && { email: 'emailWrong' }),
    ...passwordFault(password),
  }
}

function passwordFault(password: string | undefined): Faults {
  if (password === undefined) return {}
  const length = [...password].length
  if (length < PASSWORD_MIN) return { password: 'passwordShort' }
  return length > PASSWORD_MAX ? { password: 'passwordLong' } : {}
}

export type Strength = 'empty' | 'short' | 'own' | 'repeats' | 'digits' | 'fair' | 'long'

/** What can honestly be said of a password from its letters alone; only `short` keeps it from being taken. */
export function strengthOf({ name, email, password = '' }: NewAccount): Strength {
  const lower = password.toLowerCase()
  const signs = [...lower]
  if (signs.length === 0) return 'empty'
  if (signs.length < PASSWORD_MIN) return 'short'
  const own = [...name.toLowerCase().split(/\s+/), email.toLowerCase().split('@')[0] ?? '']
  if (own.some((word) => word.length >= 4 && lower.includes(word) && lower.length - word.length < 6))
    return 'own'
  if (new Set(signs).size < FEW_SIGNS) return 'repeats'
  if (/^\d+$/.test(password)) return 'digits'
  return signs.length >= PASSWORD_LONG ? 'long' : 'fair'
}
