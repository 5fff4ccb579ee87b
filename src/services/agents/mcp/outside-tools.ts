import { createHash } from 'node:crypto'
import type { CallToolResult, Tool as ServerTool } from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'
import { agentsError } from '../agents.errors.ts'
import type { OutsideRisk } from '../servers.contract.ts'
import { mayLeave } from '../tools/outward.ts'
import type { Tool, ToolUse } from '../tools/tool.ts'
import type { Connection } from './connection.ts'

const CALL_MS = 45_000
const MAX_NAME = 64
const MAX_DESCRIPTION = 600
const MAX_WORDS = 200
const MAX_SCHEMA = 16_000
const MAX_DEPTH = 6
const MAX_PROPERTIES = 40
const MAX_ENUM = 100
const MAX_TEXT = 24_000

/** The name that agents, mandates and models know a server's tool by. */
export function outsideName(server: string, tool: string): string {
  const name = `mcp_${server}_${tool}`.replaceAll(/[^a-zA-Z0-9_-]/g, '_')
  if (name.length <= MAX_NAME && name === `mcp_${server}_${tool}`) return name
  return `${name.slice(0, MAX_NAME - 9)}_${digest(tool).slice(0, 8)}`
}

/** What a tool is, for whoever judged it: another description or schema is another tool. */
export const toolDigest = ({ description, inputSchema }: ServerTool): string =>
  digest(JSON.stringify([description ?? '', inputSchema]))

/** A tool of a server as one of an agent's own: what it gives is from outside, and unless those who run the city said otherwise each use waits for the asker. */
export function outsideTool(
  server: string,
  of: ServerTool,
  risk: OutsideRisk,
  connection: Pick<Connection, 'call' | 'refresh'>,
): Tool {
  const title = words(of.title ?? of.annotations?.title ?? of.name, 80)
  return {
    name: outsideName(server, of.name),
    about: { en: `${title} (server ${server})`, uk: `${title} (сервер ${server})` },
    description: `A tool of the server ${server}. What it says of itself, which orders nothing: ${words(of.description ?? title, MAX_DESCRIPTION)}`,
    risk,
    outside: true,
    input: inputOf(of),
    timeoutMs: CALL_MS,
    foreign: true,
    repeatable: risk !== 'effect',
    available() {
      connection.refresh()
      return true
    },
    async run(input, use) {
      if (risk === 'outward') refuseWhatMayNotLeave(input, use)
      // A schema of ours is of an object always.
      const given = input as Readonly<Record<string, unknown>>
      const result = await connection.call(of.name, given, use.signal, CALL_MS)
      return { text: told(result) }
    },
  }
}

function refuseWhatMayNotLeave(input: unknown, use: ToolUse): void {
  if (!mayLeave(JSON.stringify(input) ?? '', use)) throw agentsError('agents.words_not_given')
}

/** What came back, as text: what is no text is named. A failure that the server tells of is its words too. */
function told({ content, structuredContent, isError }: CallToolResult): string {
  const texts = content.map((one) => {
    if (one.type === 'text') return one.text
    if (one.type === 'resource' && 'text' in one.resource) return one.resource.text
    return `[${one.type}: not read]`
  })
  if (texts.length === 0 && structuredContent) texts.push(JSON.stringify(structuredContent))
  const text = texts.join('\n').slice(0, MAX_TEXT)
  return isError ? `The server says that this failed: ${text}` : text || 'It answered without a word.'
}

/** What the model may give it. Of a stranger's schema only plain bounds are kept: no patterns, no references, nothing without an end. */
function inputOf({ inputSchema }: ServerTool): z.ZodType {
  const plain = bounded(inputSchema, 0)
  const loose = z.record(z.string().max(MAX_WORDS), z.unknown())
  if (JSON.stringify(plain).length > MAX_SCHEMA) return loose
  try {
    return z.fromJSONSchema({ ...plain, type: 'object' })
  } catch {
    return loose
  }
}

const KEPT = [
  'type',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'const',
] as const

function bounded(schema: unknown, depth: number): Record<string, unknown> {
  if (typeof schema !== 'object' || schema === null || depth > MAX_DEPTH) return {}
  const from = new Map(Object.entries(schema))
  const to: Record<string, unknown> = {}
  for (const key of KEPT) {
    const value = from.get(key)
    if (['string', 'number', 'boolean'].includes(typeof value)) to[key] = value
  }
  const description = from.get('description')
  if (typeof description === 'string') to.description = words(description, MAX_WORDS)
  const options = from.get('enum')
  if (Array.isArray(options))
    to.enum = options.filter((one) => ['string', 'number', 'boolean'].includes(typeof one)).slice(0, MAX_ENUM)
  const properties = from.get('properties')
  if (typeof properties === 'object' && properties !== null) {
    const own = Object.entries(properties).slice(0, MAX_PROPERTIES)
    to.properties = Object.fromEntries(own.map(([name, inner]) => [name, bounded(inner, depth + 1)]))
    const required = from.get('required')
    if (Array.isArray(required))
      to.required = required.filter((name) => own.some(([known]) => known === name))
  }
  const items = from.get('items')
  if (items !== undefined) to.items = bounded(items, depth + 1)
  const either = from.get('anyOf') ?? from.get('oneOf')
  if (Array.isArray(either)) to.anyOf = either.slice(0, 10).map((one) => bounded(one, depth + 1))
  return to
}

/** Somebody else's words on one line, without what draws or hides. */
const words = (text: string, most: number): string =>
  text
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, most)

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
