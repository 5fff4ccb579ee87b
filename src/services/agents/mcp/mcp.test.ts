import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import fastify from 'fastify'
import { expect, test } from 'vitest'
import { testDatabase } from '../../../../test/kit/database.ts'
import type { Authenticate } from '../../../platform/http/service.ts'
import { olia, openHouse } from '../agents.fixture.ts'

test('the city is a server of MCP: the SDK’s own client lists its tools and asks an agent, within its key', async () => {
  await using db = await testDatabase()
  await using set = await openHouse({ shared: db })
  const app = fastify({ forceCloseConnections: true })
  const keys = new Map([
    ['Bearer whole', olia],
    ['Bearer narrow', { ...olia, scopes: ['agents.mcp.use', 'agents.agent.read'] }],
    ['Bearer other', { ...olia, scopes: ['city.room.read'] }],
  ])
  const authenticate: Authenticate = async ({ headers }) => ({
    principal: keys.get(headers.authorization ?? '') ?? null,
    service: null,
    credential: null,
  })
  set.service.routes?.(app, authenticate)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const connect = async (authorization: string) => {
    const client = new Client({ name: 'test', version: '1' })
    const transport = new StreamableHTTPClientTransport(new URL('/mcp', url), {
      requestInit: { headers: { authorization } },
    })
    await client.connect(transport as unknown as Parameters<typeof client.connect>[0])
    return client
  }
  const text = (result: unknown) =>
    JSON.parse((result as { content: { text: string }[] }).content[0]?.text ?? 'null')
  try {
    const client = await connect('Bearer whole')
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual([
      'list_rooms',
      'read_room',
      'post_message',
      'search',
      'search_knowledge',
      'list_agents',
      'ask_agent',
    ])
    set.provider.next({ tokens: ['It is 500.'] })
    const answer = await client.callTool({ name: 'ask_agent', arguments: { question: 'The rent?' } })
    expect(text(answer)).toMatchObject({ state: 'done', text: 'It is 500.', engine: 'scripted-1' })
    expect((await client.callTool({ name: 'ask_agent', arguments: {} })).isError).toBe(true)
    await client.close()

    const narrow = await connect('Bearer narrow')
    expect(text(await narrow.callTool({ name: 'list_agents', arguments: {} }))).toMatchObject([
      { slug: 'daarwizz' },
    ])
    const refused = await narrow.callTool({ name: 'ask_agent', arguments: { question: 'The rent?' } })
    expect(text(refused)).toMatchObject({ error: { code: 'auth.out_of_scope' } })
    await narrow.close()
    await expect(connect('Bearer other')).rejects.toThrow()
    await expect(connect('Bearer nobody')).rejects.toThrow()
    expect((await fetch(new URL('/mcp', url))).status).toBe(405)
  } finally {
    await app.close()
  }
})
