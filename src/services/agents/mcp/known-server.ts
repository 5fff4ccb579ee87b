import type { Tool as ServerTool } from '@modelcontextprotocol/sdk/types.js'
import { isoTime } from '../../../kernel/clock.ts'
import type { McpServer, OutsideRisk } from '../servers.contract.ts'
import type { Connection } from './connection.ts'
import type { McpFile } from './mcp-file.ts'
import { outsideName, toolDigest } from './outside-tools.ts'
import type { KeptServer } from './servers.store.ts'

/** A server as the operator's file names it. */
export type Entry = McpFile['servers'][string]
/** A server of tools as this process has it. */
export interface Known {
  readonly slug: string
  readonly entry: Entry
  readonly fromFile: boolean
  readonly auth: KeptServer['auth']
  /** Another one is another server, which is connected anew. */
  readonly mark: string
  risks: KeptServer['risks']
  readonly connection: Connection
}

/** One that was added on the page, as the file would name it. */
export const asEntry = (url: string, auth: KeptServer['auth']): Entry => ({
  ...{ url, oauth: auth === 'oauth', origins: [], risks: {} },
})

/** How it lets in. */
export const authOf = (entry: Entry): KeptServer['auth'] =>
  'command' in entry ? 'none' : entry.oauth ? 'oauth' : entry.key === undefined ? 'none' : 'key'

/** What tells one server from another of the same name. */
export const markOf = (entry: Entry): string => JSON.stringify(entry)

/** Inner origins that it may be reached at: those of the operator’s file alone. */
export const originsOf = (
  entry: Exclude<Entry, { command: string }>,
  fromFile: boolean,
): readonly string[] => (fromFile ? [entry.url, ...entry.origins].map((url) => new URL(url).origin) : [])

/** What the operator's file says; else what was said on the page of the tool as it is now; else the worst. */
export function riskOf({ entry, risks }: Known, tool: ServerTool): { risk: OutsideRisk; changed: boolean } {
  const said = risks[tool.name]
  if (said?.digest === toolDigest(tool)) return { risk: said.risk, changed: false }
  return { risk: entry.risks[tool.name] ?? 'effect', changed: said !== undefined }
}

/** A server as its page shows it. */
export function shown(one: Known): McpServer {
  const { slug, entry, fromFile, auth, connection } = one
  const asked = connection.askedAt()
  return {
    ...{ slug, fromFile, auth },
    kind: 'command' in entry ? 'program' : 'address',
    at: 'command' in entry ? [entry.command, ...entry.args].join(' ').slice(0, 500) : entry.url,
    state: connection.state(),
    problem: connection.problem(),
    tools: connection.tools().map((tool) => ({
      tool: tool.name.slice(0, 128),
      name: outsideName(slug, tool.name),
      description: (tool.description ?? '').slice(0, 600),
      saysReadOnly: tool.annotations?.readOnlyHint === true,
      ...riskOf(one, tool),
    })),
    asked: asked === null ? null : isoTime(asked),
  }
}
