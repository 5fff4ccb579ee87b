import { AppError } from '../../kernel/errors.ts'
import type { Embeddings } from './embeddings.ts'

export interface FakeEmbeddingsNeeds {
  readonly name?: string
  readonly semantic?: boolean
  readonly missing?: AppError
  /** What the texts are about, in any order: a text points to every topic that it names, and texts that name none point elsewhere. */
  readonly topics?: readonly string[]
  /** Awaited before each answer: lets a test hold a call, or fail it. */
  before?(): Promise<void> | void
}

/** Embeddings that know the topics they were told, for tests; `calls` counts them. */
export function createFakeEmbeddings(needs: FakeEmbeddingsNeeds = {}): Embeddings & { calls(): number } {
  const { missing = null, name = 'fake', semantic = true, topics = [] } = needs
  let calls = 0
  return {
    name,
    model: `${name}/${topics.length}`,
    dimensions: topics.length + 1,
    semantic,
    calls: () => calls,
    missing: () => Promise.resolve(missing),
    async embed(texts, { signal }) {
      if (missing) throw missing
      calls++
      await needs.before?.()
      if (signal?.aborted) throw AppError.from(signal.reason)
      return texts.map((text) => {
        const found = topics.map((topic) => (text.toLowerCase().includes(topic.toLowerCase()) ? 1 : 0))
        const length = Math.hypot(...found)
        return Float32Array.from([...found, length === 0 ? 1 : 0], (value) => value / (length || 1))
      })
    },
  }
}
