import type { FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { Clock } from '../../kernel/clock.ts'
import type { Channel } from '../../kernel/event.ts'
import type { Events } from '../events/events.ts'
import { duringOutages } from '../events/outage.ts'
import type { Authenticate } from './service.ts'

export interface OpenStreams {
  /** Aborts when whoever asked may no longer come in. `done` ends the watching; call it in any case. */
  watch(principal: string, request: FastifyRequest): { readonly signal: AbortSignal; done(): void }
  stop(): void
}

export interface OpenStreamsNeeds {
  readonly events: Pick<Events, 'listen'>
  readonly clock: Clock
  readonly authenticate: Authenticate
  /** Where it is said that something of a principal was revoked. */
  readonly revoked: Channel<z.ZodType<{ principal: string }>>
}

/** Streams that outlive the moment they were let in at: when a credential of their reader is revoked, they are asked for it again; and all of them, again and again, while such a word may be lost. */
export function openStreams({ events, clock, authenticate, revoked }: OpenStreamsNeeds): OpenStreams {
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
  const askAll = async (): Promise<void> => {
    await Promise.all([...open].map(ask))
  }

  const quiet = [
    events.listen(revoked, ({ principal }) => {
      for (const stream of open) if (stream.principal === principal) void ask(stream)
    }),
    duringOutages(events, clock, askAll),
  ]

  return {
    watch(principal, request) {
      const stream: Stream = { principal, request, end: new AbortController() }
      open.add(stream)
      return { signal: stream.end.signal, done: () => void open.delete(stream) }
    },
    stop() {
      for (const one of quiet) one()
    },
  }
}
