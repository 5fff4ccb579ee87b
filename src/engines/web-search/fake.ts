import type { AppError } from '../../kernel/errors.ts'
import { AppError as Failure } from '../../kernel/errors.ts'
import type { WebHit, WebSearch } from './web-search.ts'

export interface FakeWebSearchNeeds {
  readonly name?: string
  /** What it knows: a hit is found by any query that shares a word of three letters or more with its title. */
  readonly hits?: readonly WebHit[]
  readonly missing?: AppError
  /** Awaited before each answer: lets a test hold a call, or fail it. */
  before?(): Promise<void> | void
}

/** A search over what it was told, for tests; `asked` keeps the queries. */
export function createFakeWebSearch(
  needs: FakeWebSearchNeeds = {},
): WebSearch & { readonly asked: string[] } {
  const { name = 'fake', hits = [], missing = null } = needs
  const asked: string[] = []
  return {
    name,
    asked,
    missing: () => Promise.resolve(missing),
    async search(query, { limit, signal }) {
      if (missing) throw missing
      asked.push(query)
      await needs.before?.()
      if (signal?.aborted) throw Failure.from(signal.reason)
      const words = query.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? []
      const found = hits.filter(({ title }) => words.some((word) => title.toLowerCase().includes(word)))
      return { engine: name, hits: found.slice(0, limit) }
    },
  }
}
