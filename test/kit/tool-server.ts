import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { z } from 'zod'

/** A server of tools of strangers, by the SDK's own server: it keeps notes, and answers with what a test wants said. */
export function toolServer(answers: { note: string; about: string }): McpServer {
  const server = new McpServer({ name: 'notes', version: '1.0.0' })
  const text = (words: string) => ({ content: [{ type: 'text' as const, text: words }] })
  server.registerTool(
    'find_note',
    {
      description: answers.about,
      inputSchema: { query: z.string().max(100) },
      annotations: { readOnlyHint: true },
    },
    () => text(answers.note),
  )
  server.registerTool('write_note', { inputSchema: { text: z.string() } }, (input) =>
    text(`kept: ${input.text}`),
  )
  server.registerTool('more_tools', { inputSchema: {} }, () => {
    server.registerTool('late_tool', { inputSchema: {} }, () => text('late'))
    return text('there is more')
  })
  server.registerTool('fail', { inputSchema: {} }, () => ({ ...text('out of paper'), isError: true }))
  server.registerTool('die', { inputSchema: {} }, () => process.exit(3))
  return server
}
