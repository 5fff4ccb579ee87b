import { deadline } from '../kernel/deadline.ts'
import { kernelError } from '../kernel/errors.ts'
import type { LlmAccess } from '../services/llm-proxy/llm-proxy.contract.ts'
import type { Peers } from './peers.ts'

const MAX_ANSWER_MS = 10 * 60_000

/** The language models of a peer's proxy. Without a peer every call says that there is none. */
export function remoteLlm(peers: Peers, from: string): LlmAccess {
  const remote = peers.remote('llm-proxy', from)
  return {
    baseUrl: new URL('/v1', remote?.url ?? 'http://llm-proxy.invalid').href,
    fetchAs:
      ({ principal }) =>
      async (input, init) => {
        if (!remote) throw kernelError('peer.unreachable', { peer: 'llm-proxy' })
        const headers = new Headers(init?.headers)
        for (const [name, value] of Object.entries(await remote.authorize({ principal })))
          headers.set(name, value)
        const limit = deadline(MAX_ANSWER_MS)
        return await fetch(input, {
          ...init,
          headers,
          signal: init?.signal ? AbortSignal.any([init.signal, limit]) : limit,
        })
      },
  }
}
