import type { FastifyRequest } from 'fastify'
import type { Events } from '../../platform/events/events.ts'
import type { Authenticate } from '../../platform/http/service.ts'
import { credentialRevoked } from '../auth/auth.events.ts'

export interface OpenStreams {
  /** Aborts when whoever asked may no longer come in. `done` ends the watching; call it in any case. */
  watch(principal: string, request: FastifyRequest): { readonly signal: AbortSignal; done(): void }
  stop(): void
}

/** Streams that outlive the moment they were let in at: when a credential of their reader is revoked, they are asked for it again. */
export function openStreams(events: Events, authenticate: Authenticate): OpenStreams {
  interface Stream {
    readonly principal: string
    readonly request: FastifyRequest
    readonly end: AbortController
  }
  const open = new Set<Stream>()

  const ask = async ({ principal, request, end }: Stream): Promise<void> => {
    const identity = await authenticate(request).catch((failure: unknown) => {
      // Only a plain no ends a stream: that nobody could be asked is no answer.
      const refused = failure instanceof Error && 'kind' in failure && failure.kind === 'unauthenticated'
      return refused ? null : undefined
    })
    if (identity === null || (identity && identity.principal?.id !== principal)) end.abort()
  }

  const stop = events.listen(credentialRevoked, ({ principal }) => {
    for (const stream of open) if (stream.principal === principal) void ask(stream)
  })

  return {
    watch(principal, request) {
      const stream: Stream = { principal, request, end: new AbortController() }
      open.add(stream)
      return { signal: stream.end.signal, done: () => void open.delete(stream) }
    },
    stop,
  }
}
