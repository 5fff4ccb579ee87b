import type { Selectable } from 'kysely'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import { storableJson } from '../../platform/database/storable.ts'
import type { Agent } from './agents.contract.ts'
import { agentsError } from './agents.errors.ts'
import type { AgentsDb, AgentsTx } from './agents.store.ts'
import { type AgentsTables, PROMPT_KINDS, type Profile, type PromptVersions } from './agents.tables.ts'
import { AgentSettings, Mandate, type PromptKind, type PromptVersion } from './registry.contract.ts'

export type Prompts = Readonly<Record<PromptKind, string>>

/** An agent with what it needs to work. */
export interface KeptAgent extends Agent {
  readonly settings: AgentSettings
}

/** What an agent comes into the city with. */
export interface AgentSeed extends Agent {
  readonly settings: Partial<AgentSettings>
}

/** The queries over agents, their prompts and mandates. */
export function createRegistryStore(db: AgentsDb, clock: Clock) {
  const now = () => new Date(clock.now())
  const select = (from: AgentsDb) => from.selectFrom('agents.agent').select(COLUMNS)

  async function newest(tx: AgentsDb, agent: string, kind: PromptKind) {
    return await tx
      .selectFrom('agents.prompt')
      .selectAll()
      .where('agent', '=', agent)
      .where('kind', '=', kind)
      .orderBy('version', 'desc')
      .executeTakeFirst()
  }

  async function addPrompt(
    tx: AgentsTx,
    agent: string,
    kind: PromptKind,
    given: { text: string; author: string | null; restores?: number | undefined; base?: number | undefined },
  ): Promise<PromptVersion> {
    await lockAgent(tx, agent)
    const last = await newest(tx, agent, kind)
    const version = (last?.version ?? 0) + 1
    if (given.base !== undefined && given.base !== version - 1)
      throw agentsError('agents.changed_meanwhile', { version: version - 1 })
    const row = {
      agent,
      kind,
      version,
      text: given.text,
      author: given.author,
      restores: given.restores ?? null,
      created_at: now(),
    }
    await tx.insertInto('agents.prompt').values(row).execute()
    return promptOf(row)
  }

  return {
    /** Puts an agent and the first version of its prompts in place; what is there already stays. False where it was there. */
    async make(tx: AgentsTx, agent: AgentSeed, prompts: Partial<Prompts>, author: string | null) {
      const { id, slug, name, state, names, about } = agent
      const profile: Profile = {
        avatar: agent.avatar ?? null,
        languages: agent.languages ?? ['uk', 'en'],
        template: agent.template ?? null,
        settings: agent.settings,
      }
      const made = await tx
        .insertInto('agents.agent')
        .values({
          ...{ id, slug, name, state },
          names: storableJson(names),
          about: storableJson(about),
          profile: storableJson(profile),
          created_at: now(),
        })
        .onConflict((on) => on.doNothing())
        .executeTakeFirstOrThrow()
      const first = PROMPT_KINDS.flatMap((kind) => {
        const text = prompts[kind]
        return text === undefined ? [] : [{ agent: id, kind, version: 1, text, author, created_at: now() }]
      })
      const isNew = made.numInsertedOrUpdatedRows === 1n
      // Of an agent that was here before only what it did not have then is added.
      const there = isNew || (await select(tx).where('id', '=', id).executeTakeFirst()) !== undefined
      if (there && first.length > 0)
        await tx
          .insertInto('agents.prompt')
          .values(first)
          .onConflict((on) => on.doNothing())
          .execute()
      return isNew
    },

    /** What the city came with once, and nobody has changed since, becomes what it comes with now. */
    async renew(tx: AgentsTx, agent: string, kind: PromptKind, former: string, text: string): Promise<void> {
      const last = await newest(tx, agent, kind)
      if (last?.text === former) await addPrompt(tx, agent, kind, { text, author: null })
    },

    /** Gives settings to an agent that has none of its own yet. */
    async settle(tx: AgentsTx, id: string, profile: Profile): Promise<void> {
      const row = await select(tx).where('id', '=', id).executeTakeFirst()
      if (row && row.profile.settings === undefined)
        await tx
          .updateTable('agents.agent')
          .set({ profile: storableJson({ ...profile, ...row.profile }) })
          .where('id', '=', id)
          .execute()
    },

    async list(all: boolean): Promise<Agent[]> {
      const rows = await select(db)
        .$if(!all, (query) => query.where('state', '=', 'active'))
        .orderBy('slug')
        .execute()
      return rows.map((row) => shown(kept(row)))
    },

    /** Those that answer, with what they need to work. */
    async active(): Promise<KeptAgent[]> {
      const rows = await select(db).where('state', '=', 'active').orderBy('slug').limit(200).execute()
      return rows.map(kept)
    },

    async find(idOrSlug: string, tx: AgentsDb = db): Promise<KeptAgent | undefined> {
      const row = await select(tx)
        .where((where) => where.or([where('id', '=', idOrSlug), where('slug', '=', idOrSlug)]))
        .executeTakeFirst()
      return row && kept(row)
    },

    async change(tx: AgentsTx, agent: KeptAgent): Promise<void> {
      const { avatar = null, languages = ['uk', 'en'], template = null, settings } = agent
      await tx
        .updateTable('agents.agent')
        .set({
          name: agent.name,
          names: storableJson(agent.names),
          about: storableJson(agent.about),
          state: agent.state,
          profile: storableJson({ avatar, languages, template, settings }),
        })
        .where('id', '=', agent.id)
        .execute()
    },

    /** The newest version of each prompt of an agent. */
    async prompts(agent: string): Promise<Prompts> {
      const rows = await db
        .selectFrom('agents.prompt')
        .select(['kind', 'text'])
        .where('agent', '=', agent)
        .orderBy('version')
        .execute()
      const inForce = new Map(rows.map(({ kind, text }) => [kind, text]))
      const of = (kind: PromptKind) => inForce.get(kind) ?? ''
      return { core: of('core'), safety: of('safety'), governance: of('governance'), tools: of('tools') }
    },

    async versions(agent: string): Promise<PromptVersion[]> {
      const rows = await db
        .selectFrom('agents.prompt')
        .selectAll()
        .where('agent', '=', agent)
        .orderBy('created_at', 'desc')
        .orderBy('version', 'desc')
        .limit(500)
        .execute()
      return rows.map(promptOf)
    },

    /** The number of the version in force of each prompt. */
    async inForce(agent: string): Promise<PromptVersions> {
      const rows = await db
        .selectFrom('agents.prompt')
        .select(['kind', (of) => of.fn.max('version').as('version')])
        .where('agent', '=', agent)
        .groupBy('kind')
        .execute()
      return Object.fromEntries(rows.map(({ kind, version }) => [kind, version]))
    },

    async version(agent: string, kind: PromptKind, version: number): Promise<PromptVersion> {
      const row = await db
        .selectFrom('agents.prompt')
        .selectAll()
        .where('agent', '=', agent)
        .where('kind', '=', kind)
        .where('version', '=', version)
        .executeTakeFirst()
      if (!row) throw agentsError('agents.version_not_found')
      return promptOf(row)
    },

    addPrompt,

    /** The newest first. */
    async mandates(agent: string) {
      const rows = await db
        .selectFrom('agents.mandate')
        .selectAll()
        .where('agent', '=', agent)
        .orderBy('version', 'desc')
        .limit(100)
        .execute()
      return rows.map(({ version, mandate, author, created_at }) => ({
        version,
        mandate: Mandate.parse(mandate),
        author,
        at: isoTime(created_at.getTime()),
      }))
    },

    async addMandate(tx: AgentsTx, agent: string, mandate: Mandate, author: string, base?: number) {
      await lockAgent(tx, agent)
      const last = await tx
        .selectFrom('agents.mandate')
        .select('version')
        .where('agent', '=', agent)
        .orderBy('version', 'desc')
        .executeTakeFirst()
      const version = (last?.version ?? 0) + 1
      if (base !== undefined && base !== version - 1)
        throw agentsError('agents.changed_meanwhile', { version: version - 1 })
      const at = now()
      await tx
        .insertInto('agents.mandate')
        .values({ agent, version, mandate: storableJson(mandate), author, created_at: at })
        .execute()
      return { version, mandate, author, at: isoTime(at.getTime()) }
    },
  }
}
export type RegistryStore = ReturnType<typeof createRegistryStore>

/** The agent of a run, which is there as long as the run is. */
export async function agentOf(registry: RegistryStore, id: string, tx?: AgentsDb): Promise<KeptAgent> {
  const agent = await registry.find(id, tx)
  if (!agent) throw agentsError('agents.agent_not_found')
  return agent
}

const COLUMNS = ['id', 'slug', 'name', 'names', 'about', 'state', 'profile'] as const

type Row = Pick<Selectable<AgentsTables['agents.agent']>, (typeof COLUMNS)[number]>

function kept({ profile, ...row }: Row): KeptAgent {
  const settings = AgentSettings.parse(profile.settings ?? {})
  return {
    ...row,
    avatar: profile.avatar ?? null,
    languages: [...(profile.languages ?? ['uk', 'en'])],
    template: profile.template ?? null,
    tools: settings.tools,
    settings,
  }
}

/** An agent as anybody sees it. */
export function shown({ settings: _own, ...agent }: KeptAgent): Agent {
  return agent
}

const promptOf = (row: {
  kind: PromptKind
  version: number
  text: string
  author: string | null
  restores: number | null
  created_at: Date
}): PromptVersion => ({
  kind: row.kind,
  version: row.version,
  text: row.text,
  author: row.author,
  at: isoTime(row.created_at.getTime()),
  restores: row.restores,
})

/** Versions of one agent are numbered one after another. */
async function lockAgent(tx: AgentsTx, agent: string): Promise<void> {
  await tx.selectFrom('agents.agent').select('id').where('id', '=', agent).forUpdate().execute()
}
