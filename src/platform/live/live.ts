import type { FastifyInstance, FastifyRequest } from 'fastify'
import { WebSocketServer } from 'ws'
import type { Clock } from '../../kernel/clock.ts'
import { admit, type Right } from '../../kernel/contract.ts'
import { kernelError } from '../../kernel/errors.ts'
import { httpError } from '../http/http.errors.ts'
import { originAllowed } from '../http/origin.ts'
import type { Authenticate, Identity } from '../http/service.ts'
import { upgradeOf } from '../http/upgrade.ts'
import { type Connection, HeldSocket, type Listener, OpenSocket } from './connection.ts'
import { CLOSE, LIVE_LIMITS, type LiveLimits } from './limits.ts'
import { createTick } from './tick.ts'

/** Pings are spread over their interval in so many parts, so that no moment belongs to all of them. */
const PARTS = 25
/** Every so many pings the credential is asked for anew, so that a session that ran out closes its sockets too. */
const PINGS_PER_CHECK = 8
/** Credentials that are asked for at the same time when all are. */
const CHECKS_AT_ONCE = 500

export interface LiveNeeds {
  readonly authenticate: Authenticate
  /** What a key must hold to come in. */
  readonly right: Right
  readonly publicUrl: string
  readonly clock: Clock
  readonly limits?: Partial<LiveLimits>
  /** Called for each new connection; answers with who listens to it. */
  readonly opened: (connection: Connection) => Listener
}

export interface Live {
  readonly size: number
  /** Closes the connections of these identities with a code. */
  closeWhere(test: (identity: Identity) => boolean, code: number, reason: string): void
  /** Asks anew for the credentials of them all, some at a time: a word that one was revoked may have been lost. Whose role has changed comes back as that. */
  recheck(): Promise<void>
  /** Closes them all, and stops asking whether they live. */
  stop(): void
}

/** A WebSocket route: who may not come in is refused before the upgrade, who reads too slowly, sends too much or is dead is closed. A cookie counts only from a page of the city's own; a key may come from anywhere. */
export function liveRoute(app: FastifyInstance, path: string, needs: LiveNeeds): Live {
  const { authenticate, publicUrl, clock, opened } = needs
  const limits = { ...LIVE_LIMITS, ...needs.limits }
  const open = new Set<OpenSocket>()
  const parts = Array.from({ length: PARTS }, () => new Set<OpenSocket>())
  const stopped = new AbortController()
  let count = 0
  const line = {
    limits,
    clock,
    tick: createTick(clock),
    forget(connection: OpenSocket) {
      open.delete(connection)
      for (const part of parts) if (part.delete(connection)) return
    },
  }
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.maxFrameBytes,
    WebSocket: HeldSocket,
  })

  const enter = async (request: FastifyRequest): Promise<Identity> => {
    const { origin, host } = request.headers
    const byKey = request.headers.authorization !== undefined
    if (!byKey && (origin === undefined || !originAllowed(origin, publicUrl, host)))
      throw origin === undefined ? kernelError('auth.required') : httpError('auth.wrong_origin')
    const identity = await authenticate(request)
    admit({ access: 'principal', right: needs.right }, identity)
    return identity
  }

  app.get(path, async (request, reply) => {
    if (stopped.signal.aborted) throw httpError('http.stopping')
    const identity = await enter(request)
    const upgrade = upgradeOf(request.raw)
    if (!upgrade) throw httpError('http.invalid', { detail: 'a WebSocket is expected here' })
    const { id, headers, raw } = request
    const sender = {
      id,
      headers: { authorization: headers.authorization, cookie: headers.cookie },
      raw: { socket: raw.socket },
    }
    reply.hijack()
    upgrade.take()
    // It is no request under way any longer.
    if (request.counted) request.counted.active--
    server.handleUpgrade(raw, raw.socket, upgrade.head, (socket) => {
      const here = new OpenSocket(line, socket, identity, sender)
      open.add(here)
      parts[count++ % PARTS]?.add(here)
      here.listener = opened(here)
      if (stopped.signal.aborted) here.close(CLOSE.restart, 'restart')
    })
  })

  const beat = async (): Promise<void> => {
    for (let beats = 0; !stopped.signal.aborted; beats++) {
      await clock.sleep(limits.pingMs / PARTS, stopped.signal)
      const round = Math.floor(beats / PARTS)
      for (const here of parts[beats % PARTS] ?? []) {
        here.ping()
        if (round % PINGS_PER_CHECK === PINGS_PER_CHECK - 1) void recheck(here)
      }
    }
  }
  const recheckAll = async (): Promise<void> => {
    const all = [...open].values()
    const work = async () => {
      for (const here of all) if (!here.isGone) await recheck(here)
    }
    await Promise.all(Array.from({ length: CHECKS_AT_ONCE }, work))
  }
  const recheck = async (here: OpenSocket): Promise<void> => {
    const identity = await authenticate(here.sender).catch((failure: unknown) => {
      // Only a plain no ends a connection: that nobody could be asked is no answer.
      const refused = failure instanceof Error && 'kind' in failure && failure.kind === 'unauthenticated'
      return refused ? undefined : here.identity
    })
    if (!identity?.principal) here.close(CLOSE.credentialGone, 'credential gone')
    else if (identity.principal.role !== here.identity.principal?.role) here.close(CLOSE.restart, 'role')
    else here.listener?.checked()
  }

  const stop = (): void => {
    stopped.abort()
    for (const here of open) here.close(CLOSE.restart, 'restart')
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
      for (const here of open) if (test(here.identity)) here.close(code, reason)
    },
    recheck: recheckAll,
    stop,
  }
}
