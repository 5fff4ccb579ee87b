import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the ports that the system hands to whoever connects or listens on any, so that it is still free when it is used. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 20_000)
    const server = createServer().listen(port, '127.0.0.1')
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    server.close()
    if (free) return port
  }
}
