import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js'
import type { Command } from 'commander'
import { CommandFailure, type Terminal } from './terminal.ts'

interface Options {
  readonly url: string
}

/** `mcp`: the city as a server of the Model Context Protocol on standard input and output, for programs of the desktop. Everything goes to `/mcp` of a running city, with the key in DAARION_KEY. */
export function mcpCommand(program: Command, terminal: Terminal): void {
  program
    .command('mcp')
    .description(
      'speak MCP on standard input and output, for desktop clients; the key is read from DAARION_KEY',
    )
    .option('--url <url>', 'where the city is', 'http://127.0.0.1:7400')
    .action(async ({ url }: Options) => {
      const key = terminal.env.DAARION_KEY
      if (!key) throw new CommandFailure('Set DAARION_KEY to a key of the city; `daarion key` makes one.')
      const [{ StdioServerTransport }, { StreamableHTTPClientTransport }] = await Promise.all([
        import('@modelcontextprotocol/sdk/server/stdio.js'),
        import('@modelcontextprotocol/sdk/client/streamableHttp.js'),
      ])
      const near = new StdioServerTransport()
      const far = new StreamableHTTPClientTransport(new URL('/mcp', url), {
        requestInit: { headers: { authorization: `Bearer ${key}` } },
      })
      const over = new Promise<void>((resolve) => {
        process.stdin.once('end', resolve)
        process.stdin.once('close', resolve)
      })
      // Its own types differ from each other only in what may be left undefined.
      await pipe(near, far as unknown as Transport)
      await over
      await Promise.allSettled([near.close(), far.close()])
    })
}

/** Carries messages between a program and the city. What cannot be carried is answered as an error, so that nobody waits for ever. */
async function pipe(near: Transport, far: Transport): Promise<void> {
  const refuse = async (message: JSONRPCMessage, cause: unknown) => {
    if (!('id' in message) || !('method' in message)) return
    const words = cause instanceof Error ? cause.message : String(cause)
    await near.send({ jsonrpc: '2.0', id: message.id, error: { code: -32_000, message: words } })
  }
  near.onmessage = (message) => void far.send(message).catch((cause: unknown) => refuse(message, cause))
  far.onmessage = (message) => void near.send(message)
  await far.start()
  await near.start()
}
