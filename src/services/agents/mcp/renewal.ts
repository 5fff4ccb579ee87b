import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js'
import { z } from 'zod'
import type { Clock } from '../../../kernel/clock.ts'
import { agentsError } from '../agents.errors.ts'
import type { Grants } from './oauth.ts'

interface RenewalNeeds {
  readonly server: string
  readonly fetch: FetchLike
  readonly clock: Clock
  load(): Promise<Grants>
  /** True where nobody else renews: for at most `ms`. */
  claim(ms: number): Promise<boolean>
  /** Gives the claim back, with what came of it. */
  release(grants?: Grants): Promise<void>
}

type Tokens = NonNullable<Grants['tokens']>

/** Longer than one request may take. */
const CLAIM_MS = 90_000
const LOOK_MS = 100
const PATIENCE_MS = 60_000
/** Tokens so young are not renewed again: who asks for that was let out with the ones before. */
const FRESH_MS = 5_000

const Renewed = z.looseObject({ access_token: z.string().min(1) })

/** Asks one server as the SDK wants, and lets its tokens be renewed once, however many calls and processes find at the same moment that they have ended: one asks, and the others are given what it got. */
export function renewingOnce({ server, fetch, clock, load, claim, release }: RenewalNeeds): FetchLike {
  async function renew(url: string | URL, init: RequestInit, spent: string): Promise<Response> {
    const until = clock.now() + PATIENCE_MS
    while (!(await claim(CLAIM_MS))) {
      if (clock.now() > until) throw agentsError('agents.server_down', { server })
      await clock.sleep(LOOK_MS, init.signal ?? undefined)
    }
    let kept: Grants | undefined
    try {
      const grants = await load()
      const { tokens, renewedAt = 0 } = grants
      if (tokens && (tokens.refresh_token !== spent || clock.now() - renewedAt < FRESH_MS))
        return answerWith(tokens)
      const response = await fetch(url, init)
      const given = response.ok ? Renewed.safeParse(await response.clone().json()) : undefined
      if (given?.success && tokens)
        kept = { ...grants, tokens: { ...tokens, ...given.data }, renewedAt: clock.now() }
      return response
    } finally {
      await release(kept)
    }
  }

  return async (url, init = {}) => {
    const spent = refreshTokenOf(init)
    if (spent !== undefined) return await renew(url, init, spent)
    const response = await fetch(url, init)
    if (response.status !== 401) return response
    // It went with tokens that somebody renewed meanwhile.
    const sent = new Headers(init.headers).get('authorization')
    const { tokens } = await load()
    if (sent === null || !tokens || sent === `Bearer ${tokens.access_token}`) return response
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${tokens.access_token}`)
    return await fetch(url, { ...init, headers })
  }
}

function refreshTokenOf({ method, body }: RequestInit): string | undefined {
  if (method !== 'POST' || !(body instanceof URLSearchParams)) return undefined
  return body.get('grant_type') === 'refresh_token' ? (body.get('refresh_token') ?? undefined) : undefined
}

const answerWith = (tokens: Tokens): Response => Response.json(tokens)
