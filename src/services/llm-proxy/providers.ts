import type { HttpWire } from '../../engines/llm/http-wire.ts'
import type { LlmWire } from '../../engines/llm/wire.ts'
import type { Secret } from '../../kernel/secret.ts'
import { llmProxyError } from './llm-proxy.errors.ts'
import type { OpenWire } from './models.ts'

/** Opens the providers of the file. `keyOf` gives the key that a variable of the environment holds; null where it holds none. */
export const providersWith =
  (keyOf: (variable: string) => Secret | null): OpenWire =>
  (name, { url, key: variable, headers, idle_s: idle }) => {
    const key = variable === undefined ? null : keyOf(variable)
    if (variable !== undefined && !key)
      return without(name, () => llmProxyError('llm_proxy.key_missing', { provider: name, variable }))
    return loaded({ url, key, idleMs: idle * 1_000, ...(headers && { headers }) })
  }

/** The HTTP client is read from disk when somebody first asks. */
function loaded(server: HttpWire): LlmWire {
  let wire: LlmWire | undefined
  const open = async (): Promise<LlmWire> => {
    const { httpWire } = await import('../../engines/llm/http-wire.ts')
    wire ??= httpWire(server)
    return wire
  }
  return {
    name: new URL(server.url).host,
    send: (call, signal) => (wire ? wire.send(call, signal) : open().then((one) => one.send(call, signal))),
    missing: async () => await (wire ?? (await open())).missing(),
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
