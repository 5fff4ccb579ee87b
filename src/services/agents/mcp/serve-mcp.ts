import type { FastifyInstance } from 'fastify'
import type { Call } from '../../../kernel/contract.ts'
import { AppError } from '../../../kernel/errors.ts'
import { admitted } from '../../../platform/http/serve.ts'
import type { Authenticate } from '../../../platform/http/service.ts'
import type { CityTool } from './city-tools.ts'
import { MCP_RIGHT } from './mcp.contract.ts'

const MAX_RESULT_CHARS = 100_000
const BODY_LIMIT = 1024 * 1024

/** The city as a server of the Model Context Protocol: streamable HTTP without sessions, one answer in JSON to each POST, with the rights of the key it came with. */
export function serveMcp(app: FastifyInstance, authenticate: Authenticate, tools: readonly CityTool[]): void {
  app.post('/mcp', { bodyLimit: BODY_LIMIT }, async (request, reply) => {
    const call = await admitted(request, reply, MCP_RIGHT, authenticate)
    // Loaded when the first program comes: an idle city does not hold it in memory.
    const [{ McpServer }, { StreamableHTTPServerTransport }] = await Promise.all([
      import('@modelcontextprotocol/sdk/server/mcp.js'),
      import('@modelcontextprotocol/sdk/server/streamableHttp.js'),
    ])
    const server = new McpServer({ name: 'daarion', version: '0.1.0' })
    for (const tool of tools)
      server.registerTool(
        tool.name,
        {
          description: tool.description,
          inputSchema: tool.input.shape,
          annotations: { readOnlyHint: !tool.changes, openWorldHint: false },
        },
        async (input: Record<string, unknown>) => await answered(tool, input, call),
      )
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true })
    reply.raw.once('close', () => void server.close())
    // Its own types differ from each other only in what may be left undefined.
    await server.connect(transport as unknown as Parameters<typeof server.connect>[0])
    reply.hijack()
    await transport.handleRequest(request.raw, reply.raw, request.body)
  })
  // There is no stream to listen to and no session to end.
  app.route({
    method: ['GET', 'DELETE'],
    url: '/mcp',
    handler: (_, reply) => reply.code(405).header('allow', 'POST').send(),
  })
}

async function answered(tool: CityTool, input: Record<string, unknown>, call: Call) {
  const told = (text: string) => [{ type: 'text' as const, text: text.slice(0, MAX_RESULT_CHARS) }]
  try {
    return { content: told(JSON.stringify(await tool.run(input, call))) }
  } catch (cause) {
    call.signal.throwIfAborted()
    return { content: told(JSON.stringify(AppError.from(cause).toJSON())), isError: true }
  }
}
