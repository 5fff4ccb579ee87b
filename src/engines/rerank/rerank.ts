import type { OnUsed } from '../usage.ts'
/** Puts texts into the order in which they answer a query. */
export interface Rerank {
  readonly name: string
  /** Who is paid where it is asked; nobody where nothing is said. */
  readonly paid?: readonly string[]
  /** Recorded with every result: `driver/model`. */
  readonly model: string
  /** Null where it can work, otherwise why not, as the error it would fail with. */
  missing(): Promise<Error | null>
  /** The best first; `index` is the place in `texts`. Scores of different models do not compare. */
  rerank(
    query: string,
    texts: readonly string[],
    options?: {
      readonly limit?: number | undefined
      readonly signal?: AbortSignal | undefined
      readonly onUsed?: OnUsed | undefined
    },
  ): Promise<readonly { readonly index: number; readonly score: number }[]>
}
