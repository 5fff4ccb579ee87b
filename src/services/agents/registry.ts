import type { Call, Client, Handlers } from '../../kernel/contract.ts'
import { type ErrorParams, kernelError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import { isOperator } from '../../kernel/principal.ts'
import type { authContract } from '../auth/auth.contract.ts'
import type { Agent } from './agents.contract.ts'
import { agentsError } from './agents.errors.ts'
import type { AgentsDb } from './agents.store.ts'
import { diffLines } from './diff.ts'
import { AgentSettings, Mandate, type registryOperations } from './registry.contract.ts'
import { type KeptAgent, type RegistryStore, shown } from './registry.store.ts'
import { TEMPLATES, templateOf } from './templates.ts'
import type { Toolbox } from './tools/toolbox.ts'

interface RegistryNeeds {
  readonly db: AgentsDb
  readonly registry: RegistryStore
  readonly toolbox: Pick<Toolbox, 'cards' | 'names'>
  readonly auth: Pick<Client<typeof authContract>, 'enrolAgent'>
  readonly ids: Ids
}

/** Names of addresses under /api/agents. */
const RESERVED = ['runs', 'templates', 'tools', 'approvals', 'mcp', 'servers', 'automations']

type Changed = Partial<Pick<Agent, 'name' | 'names' | 'about' | 'avatar' | 'languages' | 'state'>> & {
  readonly settings?: AgentSettings
}

/** Who the agents are, what they are told and what they may do. */
export function createRegistry({
  db,
  registry,
  toolbox,
  auth,
  ids,
}: RegistryNeeds): Handlers<typeof registryOperations> {
  async function known(agent: string): Promise<KeptAgent> {
    const found = await registry.find(agent)
    if (!found) throw agentsError('agents.agent_not_found')
    return found
  }

  const changes = <T>(work: Parameters<ReturnType<AgentsDb['transaction']>['execute']>[0]) =>
    db.transaction().execute(work) as Promise<T>

  return {
    templates: async () => ({
      items: TEMPLATES.map(({ prompts: _prompts, without: _without, ...template }) => template),
    }),
    tools: async () => ({ items: await toolbox.cards() }),

    async agent({ agent }, { principal }) {
      const found = await known(agent)
      if (isOperator(principal)) return found
      if (found.state === 'draft') throw agentsError('agents.agent_not_found')
      return { ...shown(found), settings: null }
    },

    async makeAgent({ template: from, ...given }, call) {
      const by = authorOf(call)
      const template = from === undefined ? undefined : templateOf(from)
      if (from !== undefined && !template) throw agentsError('agents.template_not_found')
      if (RESERVED.includes(given.slug)) throw agentsError('agents.slug_taken', { slug: given.slug })
      const names = given.names ?? [given.slug, given.name.toLowerCase(), ...(template?.names ?? [])]
      const settings = AgentSettings.parse({ tools: template?.tools ?? [] })
      const agent: KeptAgent = {
        id: ids.make('agent'),
        slug: given.slug,
        name: given.name,
        names: [...new Set(names)],
        about: given.about ?? template?.about ?? { en: '', uk: '' },
        state: 'draft',
        avatar: null,
        languages: given.languages ?? ['uk', 'en'],
        template: template?.slug ?? null,
        tools: settings.tools,
        settings,
      }
      const prompts = template?.prompts ?? BLANK
      const made = await changes<boolean>((tx) => registry.make(tx, agent, prompts, by))
      if (!made) throw agentsError('agents.slug_taken', { slug: given.slug })
      return shown(agent)
    },

    async changeAgent({ agent: name, ...given }) {
      const agent = await known(name)
      const next = { ...agent, ...present<Changed>(given) }
      checkChange(agent, next, given.settings, toolbox.names())
      // Auth knows whoever answers; where it is away, nothing is changed.
      if (next.state === 'active') await auth.enrolAgent({ id: agent.id, name: next.name })
      await changes((tx) => registry.change(tx, next))
      return shown({ ...next, tools: next.settings.tools })
    },

    async prompts({ agent }) {
      return { items: await registry.versions((await known(agent)).id) }
    },

    async setPrompt({ agent, kind, text, base }, call) {
      const { id } = await known(agent)
      const given = { text, author: authorOf(call), base }
      return await db.transaction().execute((tx) => registry.addPrompt(tx, id, kind, given))
    },

    async diffPrompt({ agent, kind, from, to }) {
      const { id } = await known(agent)
      const older = await registry.version(id, kind, from)
      const newer = await registry.version(id, kind, to)
      return { lines: diffLines(older.text, newer.text) }
    },

    async rollbackPrompt({ agent, kind, version }, call) {
      const { id } = await known(agent)
      const { text } = await registry.version(id, kind, version)
      const given = { text, author: authorOf(call), restores: version }
      return await db.transaction().execute((tx) => registry.addPrompt(tx, id, kind, given))
    },

    async mandate({ agent }) {
      const [newest, ...earlier] = await registry.mandates((await known(agent)).id)
      return { ...(newest ?? NO_MANDATE), earlier }
    },

    async setMandate({ agent, mandate, base }, call) {
      const { id } = await known(agent)
      refuseUnknown(mandate.effects, toolbox.names())
      const by = authorOf(call)
      return await db.transaction().execute((tx) => registry.addMandate(tx, id, mandate, by, base))
    },
  }
}

const BLANK = { core: '', safety: '', governance: '', tools: '' }
/** What counts where nobody ever said. */
const NO_MANDATE = { version: 0, mandate: Mandate.parse({}), author: null, at: new Date(0).toISOString() }

function authorOf({ principal }: Call): string {
  if (!principal) throw kernelError('auth.required')
  return principal.id
}

function checkChange(
  agent: KeptAgent,
  next: KeptAgent,
  settings: AgentSettings | undefined,
  tools: readonly string[],
): void {
  if (agent.state === 'archived' && next.state !== 'draft') throw agentsError('agents.archived')
  if (settings) refuseUnknown(settings.tools, tools)
}

function refuseUnknown(wanted: readonly string[], known: readonly string[]): void {
  const strange = wanted.find((tool) => !known.includes(tool) && !tool.startsWith('mcp_'))
  const params: ErrorParams = { tool: strange ?? '' }
  if (strange !== undefined) throw agentsError('agents.tool_unknown', params)
}

/** What was said, without what was not. */
const present = <T extends object>(
  given: {
    readonly [K in keyof T]?: T[K] | undefined
  },
): Partial<T> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<T>
