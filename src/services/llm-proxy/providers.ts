import { fileURLToPath } from 'node:url'
import { engineError } from '../../engines/engine.errors.ts'
import type { Llm } from '../../engines/llm/llm.ts'
import type { LlmWire } from '../../engines/llm/wire.ts'
import type { Secret } from '../../kernel/secret.ts'
import { engineWire } from './engine-wire.ts'
import { llmProxyError } from './llm-proxy.errors.ts'
import type { OpenWire } from './models.ts'
import { FileSettings } from './models-file.ts'

/** Runs the models of a folder on this machine; silent for `idleMs`, one is given up. */
export type InFiles = (
  folder: string,
  settings: FileSettings,
  idleMs: number,
) => Promise<Llm & { close(): Promise<void> }>

/** Opens the providers of the file. `keyOf` gives the key that a variable of the environment holds; null where it holds none. */
export const providersWith =
  (keyOf: (variable: string) => Secret | null, inFiles?: InFiles): OpenWire =>
  (name, { url, key: variable, headers, idle_s: idle, files }) => {
    if (url.startsWith('file:'))
      return inFiles
        ? loaded(name, async () => {
            const settings = files ?? FileSettings.parse({})
            return engineWire(await inFiles(fileURLToPath(url), settings, idle * 1_000))
          })
        : without(name, () => engineError('engine.none'))
    const key = variable === undefined ? null : keyOf(variable)
    if (variable !== undefined && !key)
      return without(name, () => llmProxyError('llm_proxy.key_missing', { provider: name, variable }))
    return loaded(new URL(url).host, async () => {
      const { httpWire } = await import('../../engines/llm/http-wire.ts')
      return httpWire({ url, key, idleMs: idle * 1_000, ...(headers && { headers }) })
    })
  }

/** What serves a provider is read from disk when somebody first asks. */
function loaded(name: string, open: () => Promise<LlmWire>): LlmWire {
  let opening: Promise<LlmWire> | undefined
  let wire: LlmWire | undefined
  const ready = (): Promise<LlmWire> => {
    opening ??= open().then(
      (one) => {
        wire = one
        return one
      },
      (cause: unknown) => {
        opening = undefined
        throw cause
      },
    )
    return opening
  }
  return {
    name,
    send: (call, signal) => (wire ? wire.send(call, signal) : ready().then((one) => one.send(call, signal))),
    missing: async () => await (wire ?? (await ready())).missing(),
    retire: async () => await wire?.retire(),
    close: async () => await wire?.close(),
  }
}

const without = (name: string, why: () => Error): LlmWire => ({
  name,
  send: async () => {
    throw why()
  },
  missing: async () => why(),
  retire: async () => {},
  close: async () => {},
})
