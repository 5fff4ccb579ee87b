import type { Client } from '@modelcontextprotocol/sdk/client/index.js'
import type { CallToolResult, Tool as ServerTool } from '@modelcontextprotocol/sdk/types.js'
import type { Clock } from '../../../kernel/clock.ts'
import { AppError } from '../../../kernel/errors.ts'
import { agentsError } from '../agents.errors.ts'
import type { Line } from './transports.ts'

export interface ConnectionNeeds {
  readonly slug: string
  readonly clock: Clock
  /** Rejects with `agents.server_unconnected` where nobody connected it yet. */
  line(): Promise<Line>
  /** Told of each failure once, with its code and never the server's words. */
  failed(code: string): void
}

export interface Connection {
  state(): 'connecting' | 'ready' | 'unconnected' | 'down'
  problem(): { code: string; message: string; log: string } | null
  /** As last told; they stay while the server is down. */
  tools(): readonly ServerTool[]
  askedAt(): number | null
  /** Asks for the tools again where that was long ago; what comes is there for the next run. */
  refresh(): void
  /** Rejects with an AppError, or with the signal's reason. */
  call(
    tool: string,
    input: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
    timeoutMs: number,
  ): Promise<CallToolResult>
  /** Tries now instead of later. */
  reconnect(): void
  stop(): Promise<void>
}

const CONNECT_MS = 20_000
const LIST_MS = 20_000
const MAX_TOOLS = 64
const MAX_PAGES = 4
const STALE_MS = 60_000
/** A line that held so long begins its back-off anew. */
const STEADY_MS = 60_000
const BACK_OFF_MS = [1_000, 2_000, 5_000, 15_000, 60_000, 300_000] as const

/** The SDK's own codes for a line that closed, and for an answer that did not come in time. */
const GONE: readonly number[] = [-32_000, -32_001]

interface Session {
  readonly client: Client
  readonly closed: Promise<void>
}

/** One server of tools: connected, watched, and connected anew after a pause that grows; a program is started again so. */
export function createConnection({ slug, clock, line, failed }: ConnectionNeeds): Connection {
  const ending = new AbortController()
  let state: ReturnType<Connection['state']> = 'connecting'
  let problem: ReturnType<Connection['problem']> = null
  let tools: readonly ServerTool[] = []
  let askedAt: number | null = null
  let session: Session | undefined
  let listing: Promise<void> | undefined
  let log = () => ''
  let wake: () => void = () => undefined

  function refused(cause: unknown): void {
    const { code, message } =
      cause instanceof AppError ? cause : agentsError('agents.server_down', { server: slug })
    state = code === 'agents.server_unconnected' ? 'unconnected' : 'down'
    problem = { code, message, log: log() }
    failed(code)
  }

  async function open(): Promise<Session> {
    const [{ Client }, { ToolListChangedNotificationSchema }] = await Promise.all([
      import('@modelcontextprotocol/sdk/client/index.js'),
      import('@modelcontextprotocol/sdk/types.js'),
    ])
    const made = await line()
    log = made.log
    // It offers nothing of the city to the server: no roots, no sampling, no questions to people.
    const client = new Client({ name: 'daarion', version: '0.1.0' }, { capabilities: {} })
    const closed = new Promise<void>((resolve) => {
      client.onclose = resolve
    })
    client.onerror = () => undefined
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => list(client))
    try {
      await client.connect(made.transport, { timeout: CONNECT_MS, signal: ending.signal })
      await list(client)
    } catch (cause) {
      await client.close().catch(() => undefined)
      throw await asFailure(cause, slug)
    }
    return { client, closed }
  }

  async function list(client: Client): Promise<void> {
    const { ListToolsResultSchema } = await import('@modelcontextprotocol/sdk/types.js')
    const found: ServerTool[] = []
    let cursor: string | undefined
    for (let page = 0; page < MAX_PAGES && found.length < MAX_TOOLS; page++) {
      // Asked by hand: the SDK's own way compiles schemas that strangers wrote.
      const params = cursor === undefined ? {} : { cursor }
      const asked = { method: 'tools/list' as const, params }
      const answer = await client.request(asked, ListToolsResultSchema, { timeout: LIST_MS })
      found.push(...answer.tools)
      cursor = answer.nextCursor
      if (cursor === undefined) break
    }
    tools = found.slice(0, MAX_TOOLS)
    askedAt = clock.now()
  }

  /** Resolves after a pause, or as soon as somebody wants it tried. */
  async function pause(ms: number): Promise<void> {
    const done = new AbortController()
    const woken = new Promise<void>((resolve) => {
      wake = resolve
    })
    const signal = AbortSignal.any([ending.signal, done.signal])
    await Promise.race([clock.sleep(ms, signal).catch(() => undefined), woken])
    done.abort()
  }

  async function run(): Promise<void> {
    for (let tries = 0; !ending.signal.aborted; tries++) {
      try {
        state = 'connecting'
        session = await open()
        state = 'ready'
        problem = null
        const since = clock.now()
        await session.closed
        if (ending.signal.aborted) return
        if (clock.now() - since > STEADY_MS) tries = 0
        refused(agentsError('agents.server_ended', { server: slug }))
      } catch (cause) {
        if (ending.signal.aborted) return
        refused(cause)
      } finally {
        session = undefined
      }
      await pause(BACK_OFF_MS[Math.min(tries, BACK_OFF_MS.length - 1)] ?? 300_000)
    }
  }
  const running = run()

  return {
    state: () => state,
    problem: () => problem,
    tools: () => tools,
    askedAt: () => askedAt,

    refresh() {
      const now = session
      if (!now || listing || (askedAt !== null && clock.now() - askedAt < STALE_MS)) return
      listing = list(now.client)
        .catch(() => now.client.close())
        .finally(() => {
          listing = undefined
        })
    },

    async call(tool, input, signal, timeoutMs) {
      if (!session)
        throw agentsError(state === 'unconnected' ? 'agents.server_unconnected' : 'agents.server_down', {
          server: slug,
        })
      const { client } = session
      const { CallToolResultSchema, McpError } = await import('@modelcontextprotocol/sdk/types.js')
      try {
        const asked = { method: 'tools/call' as const, params: { name: tool, arguments: { ...input } } }
        return await client.request(asked, CallToolResultSchema, {
          signal,
          timeout: timeoutMs,
          maxTotalTimeout: timeoutMs,
        })
      } catch (cause) {
        signal.throwIfAborted()
        if (cause instanceof McpError && !GONE.includes(cause.code))
          throw agentsError('agents.server_failed', { server: slug }, { cause })
        // The line itself broke: it is laid anew.
        client.close().catch(() => undefined)
        throw await asFailure(cause, slug)
      }
    },

    reconnect() {
      if (session) session.client.close().catch(() => undefined)
      // After the close is heard the pause begins; whichever is there is woken.
      setImmediate(() => wake())
      wake()
    },

    async stop() {
      ending.abort()
      wake()
      await session?.client.close().catch(() => undefined)
      await running
    },
  }
}

/** What the SDK and the line under it throw, as the city says it. */
async function asFailure(cause: unknown, server: string): Promise<AppError> {
  const { UnauthorizedError } = await import('@modelcontextprotocol/sdk/client/auth.js')
  for (let inner = cause; inner instanceof Error; inner = inner.cause)
    if (inner instanceof AppError) return inner
  const isUnauthorized =
    cause instanceof UnauthorizedError || (cause instanceof Error && 'code' in cause && cause.code === 401)
  const params = { server }
  if (isUnauthorized) return agentsError('agents.server_unconnected', params, { cause })
  if (cause instanceof Error && cause.name === 'ZodError')
    return agentsError('agents.server_failed', params, { cause })
  return agentsError('agents.server_down', params, { cause })
}
