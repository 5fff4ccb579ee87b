import type { WebSocket } from '@fastify/websocket'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Clock } from '../../kernel/clock.ts'
import { kernelError } from '../../kernel/errors.ts'
import { httpError } from '../http/http.errors.ts'
import { originAllowed } from '../http/origin.ts'
import type { Authenticate, Identity } from '../http/service.ts'
import { type Connection, connection } from './connection.ts'
import { CLOSE, LIVE_LIMITS, type LiveLimits } from './limits.ts'

/** Every so many pings the credential is asked for anew, so that a session that ran out closes its sockets too. */
const PINGS_PER_CHECK = 8

export interface LiveNeeds {
  readonly authenticate: Authenticate
  readonly publicUrl: string
  readonly clock: Clock
  readonly limits?: Partial<LiveLimits>
  /** Called for each new connection; answers with what hears its frames, one after another as they come. */
  readonly opened: (connection: Connection) => (frame: string) => void
}

export interface Live {
  readonly size: number
  /** Closes the connections of these identities with a code. */
  closeWhere(test: (identity: Identity) => boolean, code: number, reason: string): void
  /** Closes them all, and stops asking whether they live. */
  stop(): void
}

/** A WebSocket route: who may not come in is refused before the upgrade, who reads too slowly, sends too much or is dead is closed. A cookie counts only from a page of the city's own; a key may come from anywhere. */
export function liveRoute(app: FastifyInstance, path: string, needs: LiveNeeds): Live {
  const { authenticate, publicUrl, clock, opened } = needs
  const limits = { ...LIVE_LIMITS, ...needs.limits }
  const identities = new WeakMap<FastifyRequest, Identity>()
  const open = new Map<Connection, { readonly request: FastifyRequest; alive: boolean }>()
  const stopped = new AbortController()

  const admit = async (request: FastifyRequest): Promise<Identity> => {
    const { origin, host } = request.headers
    const byKey = request.headers.authorization !== undefined
    if (!byKey && (origin === undefined || !originAllowed(origin, publicUrl, host)))
      throw origin === undefined ? kernelError('auth.required') : httpError('auth.wrong_origin')
    const identity = await authenticate(request)
    if (!identity.principal) throw kernelError('auth.required')
    return identity
  }

  app.route({
    method: 'GET',
    url: path,
    async preValidation(request) {
      if (stopped.signal.aborted) throw httpError('http.stopping')
      identities.set(request, await admit(request))
    },
    handler: async () => {
      throw httpError('http.invalid', { detail: 'a WebSocket is expected here' })
    },
    wsHandler(socket: WebSocket, request: FastifyRequest) {
      const identity = identities.get(request)
      if (!identity) return socket.terminate()
      const here = connection({ socket, identity, limits, clock })
      open.set(here, { request, alive: true })
      here.gone.addEventListener('abort', () => open.delete(here), { once: true })
      socket.on('pong', () => {
        const state = open.get(here)
        if (state) state.alive = true
      })
      here.hear(opened(here))
    },
  })

  const beat = async (): Promise<void> => {
    for (let round = 1; !stopped.signal.aborted; round++) {
      await clock.sleep(limits.pingMs, stopped.signal)
      for (const [here, state] of open) {
        if (!state.alive) here.drop()
        else {
          state.alive = false
          here.ping()
          if (round % PINGS_PER_CHECK === 0) void recheck(here, state.request)
        }
      }
    }
  }
  const recheck = async (here: Connection, request: FastifyRequest): Promise<void> => {
    const identity = await authenticate(request).catch((failure: unknown) => {
      // Only a plain no ends a connection: that nobody could be asked is no answer.
      const refused = failure instanceof Error && 'kind' in failure && failure.kind === 'unauthenticated'
      return refused ? undefined : here.identity
    })
    if (!identity?.principal) here.close(CLOSE.credentialGone, 'credential gone')
  }

  const stop = (): void => {
    stopped.abort()
    for (const here of open.keys()) here.close(CLOSE.restart, 'restart')
  }
  app.addHook('onReady', async () => {
    // Ends by rejecting when it is stopped.
    void beat().catch(() => undefined)
  })
  app.addHook('preClose', async () => stop())

  return {
    get size() {
      return open.size
    },
    closeWhere(test, code, reason) {
      for (const here of open.keys()) if (test(here.identity)) here.close(code, reason)
    },
    stop,
  }
}
