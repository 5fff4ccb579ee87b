import type { OnUsed } from '../usage.ts'
/** Meaning as numbers: unit vectors of `dimensions` numbers. Vectors of different `model`s do not compare. */
export interface Embeddings {
  readonly name: string
  /** Who is paid where it is asked; nobody where nothing is said. */
  readonly paid?: readonly string[]
  /** Recorded with every vector, such as `e5/multilingual-e5-small` or `ngrams/1`. */
  readonly model: string
  readonly dimensions: number
  /** Whether it knows meaning, or only letters (the n-grams). */
  readonly semantic: boolean
  missing(): Promise<Error | null>
  embed(
    texts: readonly string[],
    options: {
      readonly kind: 'query' | 'passage'
      readonly signal?: AbortSignal
      readonly onUsed?: OnUsed | undefined
    },
  ): Promise<readonly Float32Array[]>
}
