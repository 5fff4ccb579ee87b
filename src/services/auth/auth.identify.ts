import type { Clock } from '../../kernel/clock.ts'
import type { Principal } from '../../kernel/principal.ts'
import type { Secret } from '../../kernel/secret.ts'
import type { Credential } from './auth.contract.ts'
import type { SessionCookie } from './auth.cookie.ts'
import type { AuthStore, FoundCredential } from './auth.store.ts'
import { hashToken, unsign } from './auth.tokens.ts'

export interface Identified {
  readonly principal: Principal
  readonly credential: Credential
}

export interface IdentifyNeeds {
  readonly store: AuthStore
  readonly clock: Clock
  readonly secret: Secret
  readonly cookie: SessionCookie
}

const REMEMBER_MS = 900
const REMEMBER_MOST = 2_000
const TOUCH_EVERY_MS = 60_000

/** Names the holder of a key or session. What was found is remembered for less than a second, so most requests ask no database and a revocation that nobody hears of bites within one; `forget` drops it all, also what is being looked up at that moment, so a revocation bites at once. */
export function createIdentify({ store, clock, secret, cookie }: IdentifyNeeds) {
  const remembered = new Map<string, { found: FoundCredential; until: number }>()
  const touching = new Set<Promise<unknown>>()
  let epoch = 0

  async function identify(input: { bearer?: string | undefined; cookie?: string | undefined }) {
    if (input.bearer !== undefined) return key(input.bearer)
    const signed = cookie.read(input.cookie)
    const token = signed === null ? null : unsign(signed, secret)
    return token === null ? null : find('session', token)
  }

  function key(bearer: string): Promise<Identified | null> | null {
    return bearer.startsWith('dk_') && bearer.length <= 100 ? find('key', hashToken(bearer)) : null
  }

  async function find(type: Credential['type'], secretPart: string): Promise<Identified | null> {
    const at = `${type}:${secretPart}`
    const now = clock.now()
    const known = remembered.get(at)
    if (known && known.until > now) return outward(type, known.found)
    remembered.delete(at)
    const begun = epoch
    const found = await (type === 'key' ? store.keyByHash(secretPart) : store.sessionByToken(secretPart))
    if (!found || (found.expiresAt !== null && found.expiresAt <= now)) return null
    if (begun === epoch) remember(at, found, now)
    touch(type, found, now)
    return outward(type, found)
  }

  function remember(at: string, found: FoundCredential, now: number): void {
    const [oldest] = remembered.keys()
    if (remembered.size >= REMEMBER_MOST && oldest !== undefined) remembered.delete(oldest)
    const until = Math.min(now + REMEMBER_MS, found.expiresAt ?? Number.POSITIVE_INFINITY)
    remembered.set(at, { found, until })
  }

  function touch(type: Credential['type'], found: FoundCredential, now: number): void {
    const before = now - TOUCH_EVERY_MS
    const long = (at: number | null) => at === null || at <= before
    const touchOne = type === 'key' ? store.touchKey : store.touchSession
    if (long(found.usedAt)) write(touchOne(found.id, now, before))
    if (type === 'session' && long(found.usedAt)) write(store.touchSession(found.id, now, before))
    if (long(found.seenAt)) write(store.touchPrincipal(found.principal.id, now, before))
  }

  /** When somebody was last here may be lost; the request they came with may not. */
  function write(work: Promise<void>): void {
    const writing: Promise<unknown> = work.catch(() => undefined).finally(() => touching.delete(writing))
    touching.add(writing)
  }

  return {
    identify,
    forget(): void {
      epoch++
      remembered.clear()
    },
    /** Resolves when nothing is being written any more. */
    async idle(): Promise<void> {
      await Promise.all(touching)
    },
  }
}

const outward = (type: Credential['type'], { principal, id }: FoundCredential): Identified => ({
  principal,
  credential: { type, id },
})
