import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The version whose shapes stand below: llama.cpp for Node, by withcatai. */
export const LIBRARY = 'node-llama-cpp@3.21.1'

/** What we use of `node-llama-cpp`. It is installed by who wants it, so nothing of it is imported at compile time. */
export interface LlamaLibrary {
  getLlama(options: {
    readonly gpu: 'auto' | false
    readonly build: 'never'
    readonly skipDownload: true
    readonly progressLogs: false
    readonly logLevel: 'disabled'
    readonly maxThreads?: number
  }): Promise<Llama>
  readonly LlamaChat: new (options: { readonly contextSequence: Sequence }) => LlamaChat
}

export interface Llama {
  loadModel(options: { readonly modelPath: string }): Promise<Model>
  createGrammarForJsonSchema(schema: object): Promise<Grammar>
}

export type Grammar = { readonly grammar: string }

export interface Model {
  readonly trainContextSize: number
  createContext(options: {
    readonly contextSize: { readonly max: number }
    readonly sequences: number
  }): Promise<Context>
}

export interface Context {
  readonly contextSize: number
  getSequence(): Sequence
}

export interface Sequence {
  readonly contextSize: number
  readonly model: { readonly tokenizer: object }
  readonly tokenMeter: { readonly usedOutputTokens: number }
}

export type HistoryItem =
  | { readonly type: 'system' | 'user'; readonly text: string }
  | { readonly type: 'model'; readonly response: readonly (string | FunctionCallItem)[] }

export interface FunctionCallItem {
  readonly type: 'functionCall'
  readonly name: string
  readonly params: unknown
  readonly result: unknown
}

export interface LlamaFunction {
  readonly description?: string
  readonly params?: object
}

export interface GenerateOptions {
  readonly signal: AbortSignal
  readonly maxTokens?: number
  readonly temperature?: number
  readonly topP?: number
  readonly topK?: number
  readonly minP?: number
  readonly seed?: number
  readonly customStopTriggers?: readonly string[]
  readonly grammar?: Grammar
  readonly functions?: Readonly<Record<string, LlamaFunction>>
  readonly maxParallelFunctionCalls?: number
  onResponseChunk(chunk: { readonly type?: 'segment'; readonly text: string }): void
}

export interface LlamaChat {
  readonly chatWrapper: {
    /** The prompt as the model's own template makes it. */
    generateContextState(of: {
      readonly chatHistory: readonly HistoryItem[]
      readonly availableFunctions?: Readonly<Record<string, LlamaFunction>>
    }): { readonly contextText: { tokenize(tokenizer: object): { readonly length: number } } }
  }
  generateResponse(
    history: readonly HistoryItem[],
    options: GenerateOptions,
  ): Promise<{
    readonly functionCalls?: readonly { readonly functionName: string; readonly params: unknown }[]
    readonly metadata: { readonly stopReason: string }
  }>
}

/** Where the library is: in the first of these folders that has it. */
export async function libraryIn(folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const path = join(folder, 'node_modules', 'node-llama-cpp', 'dist', 'index.js')
    const there = await access(path).then(
      () => true,
      () => false,
    )
    if (there) return pathToFileURL(path).href
  }
  return undefined
}
