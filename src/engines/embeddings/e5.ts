import type { Clock } from '../../kernel/clock.ts'
import type { Models } from '../models/models.ts'
import { childModule } from '../workers/child-process.ts'
import { createPool, type PoolState } from '../workers/pool.ts'
import type { E5Child } from './e5.child.ts'
import type { Embeddings } from './embeddings.ts'

export interface E5Needs {
  readonly models: Pick<Models, 'dir' | 'missing'>
  readonly clock: Clock
  readonly threads?: number
  readonly maxQueue?: number
  readonly idleMs?: number
}

/** The model on this machine, with the process it runs in; the caller closes it. */
export interface E5 extends Embeddings {
  state(): PoolState
  close(): Promise<void>
}

const MODEL = 'multilingual-e5-small'
const MEMORY_BYTES = 1536 * 1024 ** 2
/** A job is short, so that a question does not wait for a whole document. */
const TEXTS_A_JOB = 8
const DEADLINE_MS = 120_000

/**
 * Meaning in Latin, Cyrillic and Greek scripts, by multilingual-e5-small in a child process. Similarities sit high (unrelated texts near 0.75):
 * rank, do not cut at a fixed value. Text past 512 tokens is not seen: hand in passages of about 200. The same text always gets the same
 * vector. Besides the pool's errors: `engine.model_missing`.
 */
export function createE5({ clock, idleMs, maxQueue = 50, models, threads = 1 }: E5Needs): E5 {
  const pool = createPool<E5Child>({
    name: 'embeddings',
    entry: childModule(import.meta.url, './e5.child'),
    size: 1,
    memoryLimitBytes: MEMORY_BYTES,
    maxQueue,
    clock,
    ...(idleMs !== undefined && { idleMs }),
  })
  return {
    name: 'e5',
    model: `e5/${MODEL}`,
    dimensions: 384,
    semantic: true,
    missing: () => models.missing(MODEL),
    async embed(texts, { kind, signal }) {
      const missing = await models.missing(MODEL)
      if (missing) throw missing
      const vectors: Float32Array[] = []
      for (let at = 0; at < texts.length; at += TEXTS_A_JOB) {
        const task = {
          folder: models.dir,
          name: MODEL,
          threads,
          kind,
          texts: texts.slice(at, at + TEXTS_A_JOB),
        }
        vectors.push(...(await pool.run('embed', task, { deadlineMs: DEADLINE_MS, signal })))
      }
      return vectors
    },
    state: pool.state,
    close: pool.close,
  }
}
