import type { ErrorOnTheWire } from '../../workers/protocol.ts'

/** What the process with a model is told. `load` comes first, and once. */
export type ToLlama =
  | ({ readonly type: 'load' } & LlamaLoad)
  | { readonly type: 'ask'; readonly ask: number; readonly request: LlamaAsk }
  | { readonly type: 'stop'; readonly ask: number }

/** What it says. An ask ends with `done` or `failed`. */
export type FromLlama =
  | { readonly type: 'ready' }
  | { readonly type: 'loaded' }
  | { readonly type: 'text'; readonly ask: number; readonly text: string; readonly thought: boolean }
  | {
      readonly type: 'done'
      readonly ask: number
      readonly calls: readonly LlamaCall[]
      readonly finish: 'stop' | 'length' | 'tool_calls'
      readonly tokens: { readonly in: number; readonly out: number }
    }
  | { readonly type: 'failed'; readonly ask: number; readonly error: ErrorOnTheWire }

export interface LlamaLoad {
  /** The URL of the library's module. */
  readonly library: string
  /** The model's file. */
  readonly path: string
  /** The longest context of one answer, in tokens; less where the model knows less. */
  readonly contextTokens: number
  /** Answers under way at once. */
  readonly parallel: number
  readonly gpu: 'auto' | false
  readonly threads: number | undefined
}

export interface LlamaCall {
  readonly name: string
  /** JSON. */
  readonly arguments: string
}

/** A request of OpenAI's shape; the process with the model takes from it what it knows. */
export type LlamaAsk = Readonly<Record<string, unknown>>
