import type { Llm } from '../../engines/llm/llm.ts'
import type { LlmWire } from '../../engines/llm/wire.ts'
import type { AliasSettings, ModelSettings, ModelsFile, ProviderSettings, Step } from './models-file.ts'

/** Answers to this name whatever model the city has: an alias of the file, or else the first model there is. */
export const CITY_MODEL = 'city'

/** One model at one provider: what a request is sent to in the end. */
export interface Target {
  /** As requests name it. */
  readonly id: string
  readonly provider: string
  /** As the provider names it. */
  readonly name: string
  readonly settings: Pick<
    ModelSettings,
    'capabilities' | 'context' | 'max_output' | 'price' | 'languages' | 'tags' | 'kind'
  >
  /** Whether what it is asked stays on the operator's own machines. */
  readonly local: boolean
  readonly streamUsage: boolean
  readonly concurrent: number
  readonly redact: ProviderSettings['redact']
  readonly retryForMs: number
  /** Exactly one of the two: a server, or an engine of this process. */
  readonly wire: LlmWire | null
  readonly engine: Llm | null
}

export interface Alias extends Omit<AliasSettings, 'use'> {
  readonly use: readonly Step[]
}

/** All that can be asked now. */
export interface Models {
  readonly targets: ReadonlyMap<string, Target>
  readonly aliases: ReadonlyMap<string, Alias>
  /** Each server once, for health. */
  readonly wires: readonly LlmWire[]
  readonly file: ModelsFile
}

export type OpenWire = (name: string, settings: ProviderSettings) => LlmWire

const RETRY_MS = 5_000

/** Puts the file's models before those the city has without it. Servers whose settings did not change stay open. */
export function createModels(engines: readonly Llm[], open: OpenWire) {
  let wires = new Map<string, { readonly like: string; readonly wire: LlmWire }>()

  return {
    read(file: ModelsFile): Models {
      const before = wires
      wires = new Map()
      for (const [name, settings] of Object.entries(file.providers)) {
        const like = JSON.stringify(settings)
        const known = before.get(name)
        wires.set(name, known?.like === like ? known : { like, wire: open(name, settings) })
      }
      // What is under way at a server that is gone from the file is let come to its end.
      for (const [name, { wire }] of before)
        if (wires.get(name)?.wire !== wire) void wire.retire().catch(() => undefined)

      const targets = new Map<string, Target>()
      for (const [id, settings] of Object.entries(file.models)) {
        const provider = file.providers[settings.provider]
        const wire = wires.get(settings.provider)?.wire
        if (provider && wire) targets.set(id, served(id, settings, provider, wire))
      }
      for (const engine of engines)
        for (const { id, ownedBy } of engine.models())
          if (!targets.has(id)) targets.set(id, builtIn(id, ownedBy, engine))

      const aliases = new Map<string, Alias>(Object.entries(file.aliases))
      const [first] = [...targets.values()].filter(({ settings }) => settings.kind === 'chat')
      if (!aliases.has(CITY_MODEL) && !targets.has(CITY_MODEL) && first)
        aliases.set(CITY_MODEL, { use: [{ model: first.id }], sticky: false })
      return { targets, aliases, wires: [...wires.values()].map(({ wire }) => wire), file }
    },

    async close(): Promise<void> {
      await Promise.all([...wires.values()].map(({ wire }) => wire.close()))
    },
  }
}

function served(id: string, settings: ModelSettings, provider: ProviderSettings, wire: LlmWire): Target {
  return {
    id,
    provider: settings.provider,
    name: settings.name ?? id,
    settings,
    local: provider.local ?? isLoopback(provider.url),
    streamUsage: provider.stream_usage,
    concurrent: provider.concurrent ?? Number.POSITIVE_INFINITY,
    redact: provider.redact,
    retryForMs: RETRY_MS,
    wire,
    engine: null,
  }
}

function builtIn(id: string, ownedBy: string, engine: Llm): Target {
  const { wire = null, retryForMs = RETRY_MS } = engine
  return {
    id,
    provider: ownedBy,
    name: id,
    settings: { tags: [], kind: 'chat' },
    local: wire === null || isLoopback(`http://${wire.name}`),
    streamUsage: false,
    concurrent: Number.POSITIVE_INFINITY,
    redact: 'secrets',
    retryForMs,
    wire,
    engine: wire ? null : engine,
  }
}

function isLoopback(url: string): boolean {
  const { hostname, protocol } = new URL(url)
  return (
    protocol === 'file:' ||
    hostname === 'localhost' ||
    hostname === '[::1]' ||
    /^127(\.\d+){3}$/.test(hostname)
  )
}
