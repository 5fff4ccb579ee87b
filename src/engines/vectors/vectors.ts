import type { AppError } from '../../kernel/errors.ts'

/** How near is told: the cosine of the angle, the inner product, or minus the distance in a straight line. In each a higher score is nearer. */
export type Distance = 'cosine' | 'dot' | 'euclid'

/** What all vectors of a collection share. Vectors of different models do not compare, so the model is recorded; null where the vectors are somebody's own. */
export interface VectorSpace {
  readonly dimensions: number
  readonly distance: Distance
  readonly model: string | null
}

/** JSON that goes with a point; a filter looks at its uppermost fields, each one value or several. */
export type Payload = Readonly<Record<string, unknown>>

export interface Point {
  readonly id: string
  readonly vector: Float32Array
  /** What is found by its words. */
  readonly text: string | null
  readonly payload: Payload
}

/** A field that holds one of the values, or a number from…to, both included. */
export type Condition =
  | { readonly field: string; readonly in: readonly (string | number | boolean)[] }
  | { readonly field: string; readonly from?: number | undefined; readonly to?: number | undefined }

/** All of `all` hold, one of `any` where there are any, and none of `none`. A field that is not there fulfils no condition. Rights go here: what the filter shuts out is never ranked. */
export interface Filter {
  readonly all?: readonly Condition[] | undefined
  readonly any?: readonly Condition[] | undefined
  readonly none?: readonly Condition[] | undefined
}

export interface Question {
  /** At least one of the two; with both, the rankings are blended by reciprocal ranks. */
  readonly vector?: Float32Array | undefined
  readonly words?: string | undefined
  readonly filter?: Filter | undefined
  readonly limit: number
  readonly signal?: AbortSignal | undefined
}

/** What was found, the best first. `score` is the distance’s where only a vector was asked with, else it orders this answer alone. */
export interface Hit {
  readonly id: string
  readonly score: number
  readonly text: string | null
  readonly payload: Payload
}

/** Keeps vectors in collections. A collection or alias that is not there rejects with `vectors.not_found`, a vector that does not fit with `vectors.bad_vector`. Whose a collection is, is not known here. */
export interface Vectors {
  readonly name: string
  /** Null where it can work, otherwise why not, as the error it would fail with. */
  missing(): Promise<AppError | null>
  /** `filtered` names the fields that filters will look at, for stores that index them one by one. Rejects with `vectors.exists`. */
  create(
    collection: string,
    space: VectorSpace,
    options?: { readonly filtered?: readonly string[]; readonly signal?: AbortSignal },
  ): Promise<void>
  /** Of a collection, or of what an alias points to; null where there is neither. */
  about(
    collection: string,
    signal?: AbortSignal,
  ): Promise<(VectorSpace & { readonly collection: string }) | null>
  /** With its aliases. Nothing where it is not there. */
  drop(collection: string, signal?: AbortSignal): Promise<void>
  /** What has the id of an older point takes its place. A failure may leave a part of them; the same call again makes it whole. */
  upsert(collection: string, points: readonly Point[], signal?: AbortSignal): Promise<void>
  remove(collection: string, what: readonly string[] | Filter, signal?: AbortSignal): Promise<void>
  search(collection: string, question: Question): Promise<readonly Hit[]>
  /** All points once, in the store’s own order; `next` goes on, null at the end. */
  scroll(
    collection: string,
    page: {
      readonly after?: string | undefined
      readonly filter?: Filter | undefined
      readonly limit: number
      readonly signal?: AbortSignal | undefined
    },
  ): Promise<{ readonly items: readonly Point[]; readonly next: string | null }>
  count(collection: string, filter?: Filter, signal?: AbortSignal): Promise<number>
  /** Lets a second name point to a collection from now on, whatever it pointed to before: a question meets the one or the other, never neither. */
  alias(alias: string, collection: string, signal?: AbortSignal): Promise<void>
  unalias(alias: string, signal?: AbortSignal): Promise<void>
}
