import { readdirSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import type { Clock } from '../../../kernel/clock.ts'
import type { Ids } from '../../../kernel/ids.ts'
import { engineError } from '../../engine.errors.ts'
import type { ChatChunk, ChatRequest, Llm } from '../llm.ts'
import { createHome, type Home } from './home.ts'
import { LIBRARY, libraryIn } from './library.ts'
import type { LlamaAsk } from './protocol.ts'

export interface LlamaNeeds {
  /** The folder with the `*.gguf` files. */
  readonly folder: string
  /** Where the library may be installed, the first before the others: folders with a `node_modules`. */
  readonly libraries: readonly string[]
  /** The longest context of one answer, in tokens. */
  readonly contextTokens?: number
  /** Answers under way at once, of one model; as many again and more wait. */
  readonly parallel?: number
  /** Models in memory at once. Past it, one that rests gives way. */
  readonly loaded?: number
  readonly threads?: number | undefined
  readonly gpu?: 'auto' | false
  /** A model nobody asked for so long is put out of memory. */
  readonly idleMs?: number
  /** The longest silence of a model that was asked, in milliseconds; loading counts. */
  readonly silenceMs?: number
  readonly clock: Clock
  readonly ids: Ids
}

/** Models of this machine; the caller closes them. */
export interface LlamaModels extends Llm {
  /** The files in memory now. */
  loaded(): readonly string[]
  close(): Promise<void>
}

const WAITING = 16

/**
 * Language models in GGUF files, by llama.cpp in a child process for each: streamed, several answers of one model in one batch, tools and JSON
 * held to their schema by grammar. Besides the signal's reason: `engine.program_missing` (the library is not installed),
 * `engine.unreachable` (no such file), `engine.cannot`, `engine.context_full`, `engine.busy`, `engine.crashed`, `call.timeout`.
 */
export function createLlama(needs: LlamaNeeds): LlamaModels {
  const { clock, folder, ids, libraries, loaded: most = 1, parallel = 2 } = needs
  const homes = new Map<string, Home>()

  const homeOf = async (file: string): Promise<Home> => {
    const known = homes.get(file)
    if (known) return known
    const library = await libraryIn(libraries)
    if (!library) throw libraryMissing(libraries)
    const path = join(folder, file)
    const found = filesIn(folder).includes(file) ? await stat(path) : undefined
    if (!found) throw engineError('engine.unreachable', { engine: file })
    // Another may have asked for the same meanwhile.
    const already = homes.get(file)
    if (already) return already
    makeRoom()
    const home = createHome({
      load: {
        library,
        path,
        contextTokens: needs.contextTokens ?? CONTEXT_TOKENS,
        parallel,
        gpu: needs.gpu ?? 'auto',
        threads: needs.threads,
      },
      memoryLimitBytes: found.size * REPACKED + ROOM_BYTES,
      maxAsks: parallel + WAITING,
      idleMs: needs.idleMs ?? IDLE_MS,
      silenceMs: needs.silenceMs ?? SILENCE_MS,
      clock,
    })
    homes.set(file, home)
    void home.ended.then(() => {
      if (homes.get(file) === home) homes.delete(file)
    })
    return home
  }

  const makeRoom = (): void => {
    if (homes.size < most) return
    const resting = [...homes].find(([, home]) => home.asks() === 0)
    if (!resting) throw engineError('engine.busy', { seconds: BUSY_S }, { retryAfterMs: BUSY_S * 1000 })
    homes.delete(resting[0])
    resting[1].end()
  }

  return {
    name: 'llama.cpp',
    models: () => filesIn(folder).map((id) => ({ id, ownedBy: 'llama.cpp' })),
    missing: async () => ((await libraryIn(libraries)) ? null : libraryMissing(libraries)),
    async *chat(request, { signal }) {
      signal.throwIfAborted()
      const home = await homeOf(request.model)
      const id = ids.make('chatcmpl')
      const about = {
        id,
        object: 'chat.completion.chunk',
        created: Math.floor(clock.now() / 1000),
        model: request.model,
      }
      const chunk = (delta: object, finish: string | null): ChatChunk => ({
        ...about,
        choices: [{ index: 0, delta, finish_reason: finish }],
      })
      yield chunk({ role: 'assistant', content: '' }, null)
      for await (const said of home.ask(bare(request), signal)) {
        if (said.type === 'text') {
          yield chunk(said.thought ? { reasoning_content: said.text } : { content: said.text }, null)
          continue
        }
        const { calls, finish, tokens } = said
        const tool_calls = calls.map(({ name, arguments: given }, index) => ({
          index,
          id: ids.make('call'),
          type: 'function',
          function: { name, arguments: given },
        }))
        if (tool_calls.length > 0) yield chunk({ tool_calls }, null)
        yield chunk({}, finish)
        const usage = {
          prompt_tokens: tokens.in,
          completion_tokens: tokens.out,
          total_tokens: tokens.in + tokens.out,
        }
        yield { ...about, choices: [], usage }
      }
    },
    loaded: () => [...homes.keys()],
    async close() {
      const all = [...homes.values()]
      homes.clear()
      for (const home of all) home.end()
      await Promise.all(all.map((home) => home.ended))
    },
  }
}

const CONTEXT_TOKENS = 8192
const IDLE_MS = 5 * 60_000
const SILENCE_MS = 120_000
const BUSY_S = 5
/** Weights are mapped, and on some processors copied into another order. */
const REPACKED = 1.2
/** For what has been read (the context), and the program itself. */
const ROOM_BYTES = 4 * 1024 ** 3

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.gguf'))
  } catch {
    return []
  }
}

const libraryMissing = (libraries: readonly string[]) =>
  engineError('engine.program_missing', {
    program: 'node-llama-cpp',
    command: `npm install --prefix ${libraries.at(-1) ?? '.'} --ignore-scripts --omit=optional ${LIBRARY} ${PLATFORM}`,
  })

const BUILDS: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-arm64': 'mac-arm64-metal',
  'darwin-x64': 'mac-x64',
  'win32-x64': 'win-x64',
}

/** The build for this machine; named, or it would be built from source. */
const PLATFORM = `@node-llama-cpp/${BUILDS[`${process.platform}-${process.arch}`] ?? 'linux-x64'}@${LIBRARY.split('@').at(-1)}`

const bare = ({ daarion: _, ...request }: ChatRequest): LlamaAsk => request
