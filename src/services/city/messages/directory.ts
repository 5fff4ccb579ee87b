import type { Clock } from '../../../kernel/clock.ts'
import type { KnownAgent } from './policy.ts'

/** The agents among these slugs, as far as they are known. */
export type Roster = (slugs: readonly string[]) => readonly KnownAgent[]

const PATIENCE_MS = 2000
/** How long what was heard counts as fresh; that there are none is asked anew each time. */
const FRESH_MS = 3000

/** Reads who may be called; ask it before a transaction, never inside one. Where the agents' service is away for a moment, what was known goes on to count, and failing that the slugs themselves: a message does not lose its answer because the one who knows the names did not reply. Where there is no such service at all, nobody is called. */
export function createDirectory(
  ask: (() => Promise<readonly KnownAgent[]>) | undefined,
  clock: Clock,
): () => Promise<Roster> {
  let known: readonly KnownAgent[] | undefined
  let staleAt = 0
  const read = async (): Promise<void> => {
    if (!ask || clock.now() < staleAt) return
    const answered = new AbortController()
    const late = clock.sleep(PATIENCE_MS, answered.signal).catch(() => undefined)
    try {
      const agents = await Promise.race([ask(), late])
      if (!agents) return
      known = agents
      staleAt = agents.length > 0 ? clock.now() + FRESH_MS : 0
    } catch {
      // What was known before stands; the agents' service says itself how it is.
    } finally {
      answered.abort()
    }
  }
  return async () => {
    if (!ask) return () => []
    await read()
    const agents = known
    return (slugs) =>
      agents ? agents.filter((agent) => slugs.includes(agent.slug)) : slugs.map(knownBySlugAlone)
  }
}

const knownBySlugAlone = (slug: string): KnownAgent => ({
  id: '',
  slug,
  name: slug,
  names: [slug],
  state: 'active',
})
