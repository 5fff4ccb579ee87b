import type { Clock } from '../../../kernel/clock.ts'
import type { Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import type { Secret } from '../../../kernel/secret.ts'
import type { Events } from '../../../platform/events/events.ts'
import type { SafeFetch } from '../../../platform/fetch/fetch.ts'
import type { Check } from '../../../platform/http/service.ts'
import type { Logger } from '../../../platform/logger.ts'
import { checkYamlFile, type YamlFile } from '../../../platform/yaml-file.ts'
import { agentsError } from '../agents.errors.ts'
import { serversChanged } from '../agents.events.ts'
import type { AgentsDb } from '../agents.store.ts'
import type { serverOperations } from '../servers.contract.ts'
import type { Tool } from '../tools/tool.ts'
import { createConnection } from './connection.ts'
import { asEntry, authOf, type Entry, type Known, markOf, originsOf, riskOf, shown } from './known-server.ts'
import type { McpFile } from './mcp-file.ts'
import { createOAuth, stateDigest } from './oauth.ts'
import { outsideTool, toolDigest } from './outside-tools.ts'
import { renewingOnce } from './renewal.ts'
import { createServerStore, type KeptServer } from './servers.store.ts'
import { addressLine, type Line, programLine, safeFetchLike } from './transports.ts'

/** What servers of tools need besides what agents have. */
export interface OutsideNeeds {
  readonly file: Pick<YamlFile<McpFile>, 'current' | 'problem'>
  /** Called when the file changed; returns how to stop. */
  onFile(changed: () => void): void
  key(variable: string): Secret | null
  /** Opens addresses; those of these origins may be internal. */
  open(origins: readonly string[]): SafeFetch
  /** Seals keys and tokens. */
  readonly secret: Secret
  readonly publicUrl: string
}

export interface ServersNeeds extends OutsideNeeds {
  readonly db: AgentsDb
  readonly events: Pick<Events, 'broadcast' | 'listen'>
  readonly clock: Clock
  readonly logger?: Pick<Logger, 'warn'> | undefined
}

export interface Servers {
  readonly handlers: Handlers<typeof serverOperations>
  /** Those of every server that was ever reached. */
  tools(): readonly Tool[]
  start(): Promise<void>
  checks(): readonly Check[]
  stop(): Promise<void>
}

/** The page of servers, where whoever runs the city comes back to after they agreed elsewhere. */
const PAGE = '/agents/servers'

/** Servers of tools of others: programs and addresses of the operator's file, and public addresses that were added on the page. */
export function createServers(needs: ServersNeeds): Servers {
  const { file, clock, events, logger } = needs
  const store = createServerStore(needs.db, needs.secret, clock)
  const known = new Map<string, Known>()
  let settling: Promise<void> = Promise.resolve()

  async function settle(): Promise<void> {
    const kept = new Map((await store.list()).map((row) => [row.slug, row]))
    const wanted = new Map<string, { entry: Entry; fromFile: boolean; auth: KeptServer['auth'] }>()
    for (const [slug, { url, auth }] of kept)
      if (url !== null) wanted.set(slug, { entry: asEntry(url, auth), fromFile: false, auth })
    for (const [slug, entry] of Object.entries(file.current().servers))
      wanted.set(slug, { entry, fromFile: true, auth: authOf(entry) })
    for (const [slug, was] of known) {
      const next = wanted.get(slug)
      if (next && markOf(next.entry) === was.mark) continue
      known.delete(slug)
      await was.connection.stop()
    }
    for (const [slug, { entry, fromFile, auth }] of wanted) {
      const was = known.get(slug)
      const risks = kept.get(slug)?.risks ?? {}
      if (was) {
        was.risks = risks
        if (was.connection.state() === 'unconnected') was.connection.reconnect()
        continue
      }
      const connection = createConnection({
        slug,
        clock,
        line: () => lineOf(slug, entry, auth),
        failed: (code) => logger?.warn({ server: slug, code }, 'a server of tools is not there'),
      })
      known.set(slug, { slug, entry, fromFile, auth, mark: markOf(entry), risks, connection })
    }
  }

  /** One at a time; a failure leaves what was there, and the next one settles it. */
  function settleSoon(): Promise<void> {
    settling = settling.then(settle).catch(() => {
      logger?.warn({}, 'the servers of tools could not be read')
    })
    return settling
  }

  async function lineOf(slug: string, entry: Entry, auth: KeptServer['auth']): Promise<Line> {
    if ('command' in entry) {
      const env = entry.env.flatMap((name): [string, Secret][] => {
        const value = needs.key(name)
        return value ? [[name, value]] : []
      })
      return await programLine({ ...entry, env: Object.fromEntries(env) })
    }
    const row = await store.find(slug)
    const fetch = safeFetchLike(needs.open(originsOf(entry, fromFile(slug))))
    if (auth === 'oauth') {
      if (!row?.grants.tokens) throw agentsError('agents.server_unconnected', { server: slug })
      const renewing = renewingOnce({
        ...{ server: slug, fetch, clock },
        load: async () => (await store.find(slug))?.grants ?? {},
        claim: (ms) => store.claimRenewal(slug, ms),
        release: (grants) => store.endRenewal(slug, grants),
      })
      const oauth = oauthOf(slug).provider
      return await addressLine({ url: entry.url, fetch: renewing, headers: {}, oauth })
    }
    const key = (entry.key === undefined ? null : needs.key(entry.key)?.reveal()) ?? row?.key
    const headers = key
      ? entry.header === undefined
        ? { authorization: `Bearer ${key}` }
        : { [entry.header]: key }
      : {}
    return await addressLine({ url: entry.url, fetch, headers })
  }

  const fromFile = (slug: string) => file.current().servers[slug] !== undefined

  const oauthOf = (slug: string) =>
    createOAuth({
      redirectUrl: `${needs.publicUrl}${PAGE}`,
      load: async () => (await store.find(slug))?.grants ?? {},
      keep: (grants, awaited) => store.keepGrants(slug, grants, awaited ?? null),
    })

  function there(slug: string): Known {
    const found = known.get(slug)
    if (!found) throw agentsError('agents.server_not_found')
    return found
  }

  async function changed(): Promise<void> {
    await settleSoon()
    events.broadcast(serversChanged, {})
  }

  const unlisten = events.listen(serversChanged, () => void settleSoon())
  needs.onFile(() => void settleSoon())

  /** What is kept of a server of the file begins when there is something to keep. */
  const row = async ({ slug, auth }: Known, author: string) =>
    void (await store.add({ slug, url: null, auth, key: null, author }))

  return {
    handlers: {
      servers: async () => ({
        items: [...known.values()].map(shown).sort((a, b) => (a.slug < b.slug ? -1 : 1)),
      }),

      async addServer({ slug, url, auth, key }, { principal }) {
        if (!principal) throw kernelError('auth.required')
        if (auth === 'key' && key === undefined) throw agentsError('agents.server_key_missing')
        const author = principal.id
        const isNew = !known.has(slug) && (await store.add({ slug, url, auth, key: key ?? null, author }))
        if (!isNew) throw agentsError('agents.server_taken', { slug })
        await changed()
        return shown(there(slug))
      },

      async removeServer({ server }) {
        if (there(server).fromFile) throw agentsError('agents.server_in_file', { slug: server })
        await store.remove(server)
        await changed()
        return { done: true as const }
      },

      async connectServer({ server }, { principal }) {
        if (!principal) throw kernelError('auth.required')
        const one = there(server)
        if (one.auth !== 'oauth' || 'command' in one.entry) {
          one.connection.reconnect()
          return { url: null }
        }
        await row(one, principal.id)
        // Begun from nothing: what was agreed to before may be what is to be replaced.
        const { client } = (await store.find(server))?.grants ?? {}
        await store.keepGrants(server, client ? { client } : {}, null)
        const oauth = oauthOf(server)
        const { auth } = await import('@modelcontextprotocol/sdk/client/auth.js')
        const fetchFn = safeFetchLike(needs.open(originsOf(one.entry, one.fromFile)))
        try {
          await auth(oauth.provider, { serverUrl: one.entry.url, fetchFn })
        } catch (cause) {
          throw agentsError('agents.server_failed', { server }, { cause })
        }
        const url = oauth.asked()
        // A stranger's address that is opened in a browser: nothing but a page.
        if (url !== null && !/^https?:\/\//.test(url)) throw agentsError('agents.server_failed', { server })
        return { url }
      },

      async finishConnecting({ state, code }) {
        const kept = await store.awaited(stateDigest(state))
        const one = kept && known.get(kept.slug)
        if (!one || 'command' in one.entry) throw agentsError('agents.authorisation_not_found')
        const { slug, entry } = one
        const { auth } = await import('@modelcontextprotocol/sdk/client/auth.js')
        const fetchFn = safeFetchLike(needs.open(originsOf(entry, one.fromFile)))
        try {
          await auth(oauthOf(slug).provider, { serverUrl: entry.url, authorizationCode: code, fetchFn })
        } catch (cause) {
          throw agentsError('agents.server_failed', { server: slug }, { cause })
        }
        one.connection.reconnect()
        events.broadcast(serversChanged, {})
        return shown(one)
      },

      async setToolRisk({ server, tool, risk }, { principal }) {
        if (!principal) throw kernelError('auth.required')
        const one = there(server)
        const found = one.connection.tools().find(({ name }) => name === tool)
        if (!found) throw agentsError('agents.tool_unknown', { tool })
        await row(one, principal.id)
        const risks = { ...one.risks, [tool]: { risk, digest: toolDigest(found) } }
        await store.keepRisks(server, risks)
        await changed()
        return shown(there(server))
      },
    },

    tools: () =>
      [...known.values()].flatMap((one) =>
        one.connection
          .tools()
          .map((tool) => outsideTool(one.slug, tool, riskOf(one, tool).risk, one.connection)),
      ),

    start: settleSoon,

    checks: () => [
      checkYamlFile('servers of tools', file),
      ...[...known.values()].flatMap(({ slug, connection }): Check[] => {
        const problem = connection.problem()
        if (!problem) return []
        const params = { server: slug }
        return [
          { name: `server ${slug}`, state: 'degraded', detail: problem.message, code: problem.code, params },
        ]
      }),
    ],

    async stop() {
      unlisten()
      await settling
      await Promise.all([...known.values()].map(({ connection }) => connection.stop()))
    },
  }
}
