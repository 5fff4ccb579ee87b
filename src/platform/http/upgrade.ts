import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyInstance } from 'fastify'

/** A line that a client wants to speak another protocol on, with what it has already sent. */
export interface Upgrade {
  readonly wire: Duplex
  readonly head: Buffer
  /** Takes the line away from HTTP: nothing of the request holds it any longer. */
  take(): void
}

const asked = new WeakMap<IncomingMessage, Upgrade>()

/** Sends requests that ask for another protocol through the same hooks and routes as all others; a route that speaks it takes the line by `upgradeOf`. Answered otherwise, the line is closed after the answer. */
export function acceptUpgrades(app: FastifyInstance): void {
  app.server.on('upgrade', (request: IncomingMessage, wire: Duplex, head: Buffer) => {
    const fail = () => wire.destroy()
    const done = () => wire.end()
    wire.on('error', fail)
    const response = new ServerResponse(request)
    response.shouldKeepAlive = false
    // The server hands over the very socket that the request came by.
    response.assignSocket(request.socket)
    response.once('finish', done)
    const take = () => {
      response.removeListener('finish', done)
      response.detachSocket(request.socket)
      wire.removeListener('error', fail)
      asked.delete(request)
    }
    asked.set(request, { wire, head, take })
    app.routing(request, response)
  })
}

/** The line of a request that asks for another protocol; nothing where it is a plain one. */
export const upgradeOf = (request: IncomingMessage): Upgrade | undefined => asked.get(request)
