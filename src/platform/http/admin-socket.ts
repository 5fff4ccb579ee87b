import { chmod, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Sender } from './service.ts'

/** A second way in, for the machine's operator: a socket file that only the city's own user may open. */
export interface AdminSocket {
  /** Whether a request came by it. */
  owns(request: Sender): boolean
  listen(path: string): Promise<void>
  close(): Promise<void>
}

export function createAdminSocket(app: FastifyInstance): AdminSocket {
  const sockets = new Set<Socket>()
  let server: Server | undefined
  let at: string | undefined
  return {
    owns: (request) => sockets.has(request.raw.socket),
    async listen(path) {
      await app.ready()
      await rm(path, { force: true })
      const opened = createServer((request, response) => app.routing(request, response))
      opened.on('connection', (socket) => {
        sockets.add(socket)
        socket.once('close', () => sockets.delete(socket))
      })
      await new Promise<void>((resolve, reject) => {
        opened.once('error', reject)
        opened.listen(path, resolve)
      })
      await chmod(path, 0o600)
      server = opened
      at = path
    },
    async close() {
      const closing = server
      if (!closing) return
      closing.closeAllConnections()
      await new Promise((resolve) => closing.close(resolve))
      if (at) await rm(at, { force: true })
    },
  }
}
