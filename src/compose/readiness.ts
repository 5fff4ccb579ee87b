import type { Config } from '../config.ts'
import type { Contract } from '../kernel/contract.ts'
import { deadline } from '../kernel/deadline.ts'
import { checkTold, told } from '../platform/http/check.errors.ts'
import { checkOf } from '../platform/http/health.ts'
import type { Check, Service } from '../platform/http/service.ts'
import type { Platform } from './platform.ts'

const PEER_MS = 2_000

/** Looks at all a process depends on: what it stands on, its peers, and what its services say of themselves. */
export async function checkReadiness(
  { database, events, kv, files }: Platform,
  config: Config,
  running: readonly (readonly [name: string, service: Service<Contract>])[],
): Promise<readonly Check[]> {
  const platform = [
    checkOf('database', () => database.ping()),
    checkOf('kv', () => kv.ping()),
    checkOf('files', () => files.ping()),
    deadLetters(events),
  ]
  const peers = Object.entries(config.peers).map(([name, url]) => checkOf(`peer ${name}`, () => alive(url)))
  const own = running.map(async ([name, service]) => {
    const checks = (await service.checks?.()) ?? []
    return checks.map((check) => ({ ...check, name: `${name}: ${check.name}` }))
  })
  return [...(await Promise.all([...platform, ...peers])), ...(await Promise.all(own)).flat()]
}

/** A missing peer costs its own feature, so it degrades. */
async function alive(url: string): Promise<void> {
  const response = await fetch(new URL('/health', url), { signal: deadline(PEER_MS) })
  if (!response.ok) throw checkTold('check.answered', { status: response.status })
}

async function deadLetters(events: Platform['events']): Promise<Check> {
  const name = 'events'
  try {
    const { outbox, pending, dead } = await events.state()
    return {
      name,
      state: dead > 0 ? 'degraded' : 'ok',
      ...told(checkTold('check.events', { outbox, pending, dead })),
    }
  } catch {
    return { name, state: 'down', ...told(checkTold('check.tables')) }
  }
}
