import type { OnUsed } from '../usage.ts'
/** One place on the internet that a search named. Everything in it is plain text from outside: data, never markup or an instruction. */
export interface WebHit {
  readonly title: string
  /** http or https. */
  readonly url: string
  readonly site: string
  /** Some sentences of it; may be empty. */
  readonly text: string
}

export interface WebResults {
  /** Who answered. */
  readonly engine: string
  /** The best first; none is an honest answer. */
  readonly hits: readonly WebHit[]
}

export type WebLanguage = 'uk' | 'en'

/** No older than this, where the engine can tell. */
export type Freshness = 'day' | 'week' | 'month' | 'year'

/** How much of what is not for children is left out, where the engine can tell; `moderate` where nothing is said. */
export type SafeSearch = 'off' | 'moderate' | 'strict'

/** Finds places on the internet. The query leaves the city. */
export interface WebSearch {
  readonly name: string
  /** Who is paid where it is asked; nobody where nothing is said. */
  readonly paid?: readonly string[]
  missing(): Promise<Error | null>
  /** `languages` in the order of preference: a later one is asked only where an earlier one has nothing. Fails with `engine.refused`, `engine.unreachable`, `engine.cut`, `call.timeout` or `call.cancelled`. */
  search(
    query: string,
    options: {
      readonly languages: readonly WebLanguage[]
      readonly limit: number
      readonly freshness?: Freshness | undefined
      readonly safe?: SafeSearch | undefined
      readonly signal?: AbortSignal | undefined
      readonly onUsed?: OnUsed | undefined
    },
  ): Promise<WebResults>
}

/** How a driver opens addresses: handed in, so that what guards the city's own network is one piece of code. */
export type OpenAddress = (
  address: string,
  options: {
    readonly signal?: AbortSignal
    readonly timeoutMs?: number
    readonly maxBytes?: number
    readonly headers?: Readonly<Record<string, string>>
    readonly method?: 'GET' | 'POST'
    readonly body?: string
  },
) => Promise<{
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Uint8Array
}>
