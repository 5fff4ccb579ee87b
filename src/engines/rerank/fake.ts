import type { AppError } from '../../kernel/errors.ts'
import { lexicalRerank } from './lexical.ts'
import type { Rerank } from './rerank.ts'

export interface FakeRerankNeeds {
  readonly name?: string
  readonly missing?: AppError
  /** Awaited before each answer: lets a test hold a call, or fail it. */
  before?(): Promise<void> | void
}

/** Puts texts in order by their words, for tests; `asked` keeps the queries. */
export function createFakeRerank(needs: FakeRerankNeeds = {}): Rerank & { readonly asked: string[] } {
  const { name = 'fake', missing = null } = needs
  const asked: string[] = []
  return {
    name,
    model: `${name}/1`,
    asked,
    missing: () => Promise.resolve(missing),
    async rerank(query, texts, options) {
      if (missing) throw missing
      asked.push(query)
      await needs.before?.()
      return await lexicalRerank.rerank(query, texts, options)
    },
  }
}
