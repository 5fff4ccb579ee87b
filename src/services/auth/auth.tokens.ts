import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import { Secret } from '../../kernel/secret.ts'

/** 256 bits of chance as 43 letters, fit for a link. */
export const makeToken = (): string => randomBytes(32).toString('base64url')

/** What is stored of a token or key: hex sha256. They are long and random, so no salt or slow hash is needed. */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex')

/** A secret of its own for one purpose, out of the city's. */
export function deriveSecret(city: Secret, purpose: string): Secret {
  const bytes = hkdfSync('sha256', city.reveal(), '', `daarion ${purpose}`, 32)
  return new Secret(Buffer.from(bytes).toString('base64url'))
}

/** A token that can be made again from what is stored, `seed`, by whoever holds the secret. */
export const deriveToken = (seed: string, secret: Secret): string =>
  createHmac('sha256', secret.reveal()).update(seed).digest('base64url')

/** Compares in a time that tells nothing about where they differ. */
export const sameText = (a: string, b: string): boolean =>
  timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest())

/** A value with its signature, `value.signature`, in the form of better-auth's signed cookies (HMAC-SHA-256, base64). */
export const sign = (value: string, secret: Secret): string =>
  `${value}.${createHmac('sha256', secret.reveal()).update(value).digest('base64')}`

/** The value of a signed text; null where the signature is not ours. */
export function unsign(signed: string, secret: Secret): string | null {
  const value = signed.slice(0, Math.max(0, signed.lastIndexOf('.')))
  return value !== '' && sameText(signed, sign(value, secret)) ? value : null
}

const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz'

/** A code a person can type, such as `7k2m-q4wd`: five bits a letter, in groups of four. */
export const makeCode = (letters: number): string =>
  [...randomBytes(letters)]
    .map((byte) => LETTERS.charAt(byte & 31))
    .join('')
    .replace(/.{4}(?=.)/g, '$&-')

/** A typed code without what people add to it: spaces, hyphens, capitals, and letters that look like digits. */
export const plainCode = (typed: string): string =>
  typed.toLowerCase().replace(/[\s-]/g, '').replaceAll('o', '0').replace(/[il]/g, '1')
