import { z } from 'zod'
import { del, get, post, put } from '../../kernel/contract.ts'

/** What a tool of others can do at worst: read looks and stays in the city, outward sends what it is asked away, effect changes something. */
export const OutsideRisk = z.enum(['read', 'outward', 'effect'])
export type OutsideRisk = z.infer<typeof OutsideRisk>

const OutsideTool = z.object({
  /** As the server calls it, and as agents and mandates do. */
  tool: z.string(),
  name: z.string(),
  description: z.string(),
  risk: OutsideRisk,
  /** What the server says of itself; nobody has to believe it. */
  saysReadOnly: z.boolean(),
  /** It is not what it was when somebody said that it does no harm: that no longer counts. */
  changed: z.boolean(),
})

/** A server of tools as those who run the city see it; never its keys. */
export const McpServer = z.object({
  slug: z.string(),
  kind: z.enum(['program', 'address']),
  /** The command, or the address. */
  at: z.string(),
  /** Whether it stands in the operator's file, where alone it can be taken away. */
  fromFile: z.boolean(),
  auth: z.enum(['none', 'key', 'oauth']),
  state: z.enum(['connecting', 'ready', 'unconnected', 'down']),
  /** Why it is down: a code and its English sentence; of a program also the last it said to its own log, without its keys. */
  problem: z.object({ code: z.string(), message: z.string(), log: z.string() }).nullable(),
  tools: z.array(OutsideTool),
  /** When its tools were last asked for. */
  asked: z.iso.datetime().nullable(),
})
export type McpServer = z.infer<typeof McpServer>

const Slug = z.string().regex(/^[a-z][a-z0-9-]{0,19}$/, 'small letters, digits and hyphens, 20 at most')
const onServer = z.object({ server: z.string().max(64) })

/** Servers of tools of others, for those who run the city. */
export const serverOperations = {
  servers: get('/api/agents/servers', {
    right: 'agents.server.read',
    summary: 'The servers of tools (MCP) that agents may use, and their tools',
    access: 'operator',
    input: z.object({}),
    output: z.object({ items: z.array(McpServer) }),
  }),
  addServer: post('/api/agents/servers', {
    right: 'agents.server.change',
    summary:
      'Add a server by its public address; programs and inner addresses stand in the operator’s file alone',
    access: 'operator',
    status: 201,
    input: z.object({
      slug: Slug,
      url: z.url({ protocol: /^https?$/ }).max(2_000),
      auth: z.enum(['none', 'key', 'oauth']).default('none'),
      key: z.string().min(1).max(4_000).optional(),
    }),
    output: McpServer,
    errors: ['conflict', 'unavailable'],
  }),
  removeServer: del('/api/agents/servers/:server', {
    right: 'agents.server.change',
    summary: 'Take a server away, with what it let the city in by',
    access: 'operator',
    input: onServer,
    output: z.object({ done: z.literal(true) }),
    errors: ['conflict', 'not_found', 'unavailable'],
  }),
  connectServer: post('/api/agents/servers/:server/connect', {
    right: 'agents.server.change',
    summary: 'Connect anew; with OAuth it answers with the address where whoever runs the city agrees',
    access: 'operator',
    input: onServer,
    output: z.object({ url: z.string().nullable() }),
    errors: ['not_found', 'unavailable', 'upstream'],
  }),
  finishConnecting: post('/api/agents/servers/connected', {
    right: 'agents.server.change',
    summary: 'Take what the server’s sign-in sent back',
    access: 'operator',
    input: z.object({ state: z.string().min(16).max(200), code: z.string().min(1).max(4_000) }),
    output: McpServer,
    errors: ['not_found', 'unavailable', 'upstream'],
  }),
  setToolRisk: put('/api/agents/servers/:server/risks', {
    right: 'agents.server.change',
    summary: 'Say what a tool of a server can do at worst; until then each use is shown to whoever asked',
    access: 'operator',
    input: onServer.extend({ tool: z.string().min(1).max(128), risk: OutsideRisk }),
    output: McpServer,
    errors: ['not_found', 'conflict', 'unavailable'],
  }),
}
