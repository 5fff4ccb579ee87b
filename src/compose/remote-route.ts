import { AppError, Failure, kernelError } from '../kernel/errors.ts'
import type { RouterNeeds } from '../services/router/router.ts'
import { RouteAnswer } from '../services/router-v2/router-v2.contract.ts'
import type { Peers } from './peers.ts'

const MAX_EVENT_CHARS = 16 * 1024 * 1024

/** The answers of a peer's Router v2 as they come about. Undefined where there is no such peer. */
export function remoteRoute(peers: Peers, from: string): RouterNeeds['streamV2'] {
  const remote = peers.remote('router-v2', from)
  if (!remote) return undefined
  return async (input, { principal, requestId, signal }, emit) => {
    const headers = {
      ...(await remote.authorize({ principal })),
      'content-type': 'application/json',
      accept: 'text/event-stream',
      'x-request-id': requestId,
    }
    const response = await fetch(new URL('/api/router/v2/route', remote.url), {
      method: 'POST',
      headers,
      body: JSON.stringify(input),
      signal,
    }).catch((cause: unknown) => {
      signal.throwIfAborted()
      throw kernelError('peer.unreachable', { peer: 'router-v2' }, { cause })
    })
    let left = ''
    const decoder = new TextDecoder()
    for await (const bytes of response.body ?? []) {
      const [...events] = (left + decoder.decode(bytes, { stream: true })).split('\n\n')
      left = events.pop() ?? ''
      if (left.length > MAX_EVENT_CHARS) break
      for (const event of events) {
        const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? []
        if (name === undefined || data === undefined) continue
        const value: unknown = JSON.parse(data)
        if (name === 'done') return RouteAnswer.parse(value)
        if (name === 'error') throw failureIn(value)
        emit(name, value)
      }
    }
    const whole = /^\{/.test(left) ? Object(JSON.parse(left)).error : undefined
    throw whole ? failureIn(whole) : kernelError('peer.unreachable', { peer: 'router-v2' })
  }
}

function failureIn(value: unknown): AppError {
  const { kind, code, message, params } = Failure.parse(value)
  return new AppError(kind, code, message, params)
}
