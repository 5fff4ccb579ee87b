import type { Clock } from '../../kernel/clock.ts'
import { engineError } from '../engine.errors.ts'
import type { OpenPage } from './page-reader.ts'

const AGENT = 'DAARION'
const MAX_BYTES = 512_000
const TIMEOUT_MS = 5_000
const KEPT_MS = 60 * 60_000
const MAX_SITES = 500

interface Rules {
  readonly until: number
  allows(address: string): boolean
}

/** What sites ask of programs (RFC 9309), asked once an hour and site. Rejects with `page.robots` where the site asks not to be read; a site without a file allows all, one that cannot say at the moment (5xx) allows nothing. */
export function createRobots(
  open: OpenPage,
  clock: Clock,
): (address: string, signal: AbortSignal | undefined) => Promise<void> {
  const sites = new Map<string, Promise<Rules>>()

  async function ask(origin: string, signal: AbortSignal | undefined): Promise<Rules> {
    const address = `${origin}/robots.txt`
    const until = clock.now() + KEPT_MS
    const { bytes, status } = await open(address, {
      maxBytes: MAX_BYTES,
      timeoutMs: TIMEOUT_MS,
      ...(signal && { signal }),
    })
    if (status >= 500) return { until, allows: () => false }
    if (status !== 200) return { until, allows: () => true }
    const { default: robotsModule } = await import('robots-parser')
    // Its types describe an ES module, but it is CommonJS: what is imported is the function itself.
    const parseRobots = robotsModule as unknown as typeof robotsModule.default
    const robots = parseRobots(address, new TextDecoder().decode(bytes))
    return { until, allows: (page) => robots.isAllowed(page, AGENT) !== false }
  }

  return async (address, signal) => {
    const { host, origin } = new URL(address)
    const known = await sites.get(origin)?.catch(() => undefined)
    if (!known || known.until <= clock.now()) {
      const asking = ask(origin, signal)
      sites.delete(origin)
      sites.set(origin, asking)
      // What did not answer is asked again the next time.
      asking.catch(() => sites.get(origin) === asking && sites.delete(origin))
      const [oldest] = sites.keys()
      if (sites.size > MAX_SITES && oldest !== undefined) sites.delete(oldest)
    }
    const rules = known && known.until > clock.now() ? known : await sites.get(origin)
    if (rules && !rules.allows(address)) throw engineError('page.robots', { host })
  }
}
