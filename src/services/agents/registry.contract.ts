import { z } from 'zod'
import { get, patch, post, put } from '../../kernel/contract.ts'
import { Agent } from './runs.contract.ts'

export const PromptKind = z.enum(['core', 'safety', 'governance', 'tools'])
export type PromptKind = z.infer<typeof PromptKind>

const ModelName = z.string().trim().min(1).max(200).nullable()
/** Which model it asks first, by what is needed of it; null leaves that to the city. */
const ModelPreference = z.object({
  chat: ModelName.default(null),
  tools: ModelName.default(null),
  vision: ModelName.default(null),
})

export const RunBounds = z.object({
  /** From the beginning of the work to its last word; waiting for a person is not counted. */
  seconds: z.number().int().min(5).max(600).default(120),
  /** How often the model is asked. */
  steps: z.number().int().min(1).max(30).default(8),
  /** Of a whole run, in and out. */
  tokens: z.number().int().min(500).max(2_000_000).default(60_000),
  /** Of one answer. */
  answerTokens: z.number().int().min(50).max(32_000).default(2_048),
  usd: z.number().min(0).max(100).default(1),
})
export type RunBounds = z.infer<typeof RunBounds>

/** What only those who run the city see and change. */
export const AgentSettings = z.object({
  model: ModelPreference.prefault({}),
  tools: z.array(z.string().max(64)).max(50).default([]),
  knowledge: z
    .object({
      /** Besides the room it is asked in: collections everybody may read anyway, by id; who asks must be able to read them too. */
      collections: z.array(z.string().max(64)).max(50).default([]),
    })
    .prefault({}),
  limits: RunBounds.prefault({}),
})
export type AgentSettings = z.infer<typeof AgentSettings>

/** What an agent may do on its own account. What is not in it, it may not, whoever asks. */
export const Mandate = z.object({
  /** The tools with effects that it may use; each use is shown to whoever asked before it happens. */
  effects: z.array(z.string().max(64)).max(50).default([]),
  /** Where: rooms by id, or every room that it belongs to. */
  rooms: z.union([z.literal('own'), z.array(z.string().max(64)).max(200)]).default('own'),
  /** What one run may cost at most; null leaves that to its limits. */
  usdPerRun: z.number().min(0).max(100).nullable().default(null),
  until: z.iso.datetime().nullable().default(null),
  /** What all its runs of one day (of UTC) may be and use together; null has no limit. */
  perDay: z
    .object({
      runs: z.int().min(1).max(1_000_000).nullable().default(null),
      tokens: z.int().min(500).max(2_000_000_000).nullable().default(null),
      usd: z.number().min(0).max(100_000).nullable().default(null),
    })
    .prefault({}),
})
export type Mandate = z.infer<typeof Mandate>

export const PromptVersion = z.object({
  kind: PromptKind,
  version: z.number().int(),
  text: z.string(),
  /** Null for what the city came with. */
  author: z.string().nullable(),
  at: z.iso.datetime(),
  /** The version whose words were brought back. */
  restores: z.number().int().nullable(),
})
export type PromptVersion = z.infer<typeof PromptVersion>

export const MandateVersion = z.object({
  version: z.number().int(),
  mandate: Mandate,
  author: z.string().nullable(),
  at: z.iso.datetime(),
})

export const AgentTemplate = z.object({
  slug: z.string(),
  name: z.string(),
  names: z.array(z.string()),
  about: Agent.shape.about,
  tools: z.array(z.string()),
  /** What it does without a language model; null where it can do nothing then, and says so. */
  withoutModel: z.object({ en: z.string(), uk: z.string() }).nullable(),
})
export type AgentTemplate = z.infer<typeof AgentTemplate>

export const ToolCard = z.object({
  name: z.string(),
  about: z.object({ en: z.string(), uk: z.string() }),
  /** read: looks only. outward: what it is asked leaves the city. effect: changes something, and is shown before it happens. */
  risk: z.enum(['read', 'outward', 'own', 'effect']),
  available: z.boolean(),
})
export type ToolCard = z.infer<typeof ToolCard>

const Slug = z.string().regex(/^[a-z][a-z0-9-]{1,40}$/, 'small letters, digits and hyphens, from a letter on')
const Name = z.string().trim().min(1).max(60)
const Names = z.array(z.string().trim().toLowerCase().min(2).max(60)).max(20)
const Sentence = z.string().trim().max(300)
const About = z.object({ en: Sentence, uk: Sentence })
const Languages = z
  .array(z.enum(['uk', 'en']))
  .min(1)
  .max(2)
const onAgent = z.object({ agent: z.string() })
const Version = z.int32().min(1)
const onPrompt = onAgent.extend({ kind: PromptKind })
const PromptText = z.string().max(40_000)

/** Who the agents are, what they are told and what they may do; changed by those who run the city. */
export const registryOperations = {
  templates: get('/api/agents/templates', {
    right: 'agents.agent.read',
    summary: 'What an agent can be made from',
    input: z.object({}),
    output: z.object({ items: z.array(AgentTemplate) }),
  }),
  tools: get('/api/agents/tools', {
    right: 'agents.agent.read',
    summary: 'What agents can use',
    input: z.object({}),
    output: z.object({ items: z.array(ToolCard) }),
  }),
  agent: get('/api/agents/:agent', {
    right: 'agents.agent.read',
    summary: 'An agent, by id or slug; with its settings for those who run the city',
    input: onAgent,
    output: Agent.extend({ settings: AgentSettings.nullable().optional() }),
  }),
  makeAgent: post('/api/agents', {
    right: 'agents.agent.make',
    summary: 'Make an agent, from a template where one is named; it is a draft until it is made active',
    access: 'operator',
    status: 201,
    input: z.object({
      template: z.string().max(64).optional(),
      slug: Slug,
      name: Name,
      names: Names.optional(),
      about: About.optional(),
      languages: Languages.optional(),
    }),
    output: Agent,
    errors: ['conflict', 'not_found'],
  }),
  changeAgent: patch('/api/agents/:agent', {
    right: 'agents.agent.change',
    summary: 'Change what an agent is and whether it answers',
    access: 'operator',
    input: onAgent.extend({
      name: Name.optional(),
      names: Names.optional(),
      about: About.optional(),
      avatar: z.string().max(64).nullable().optional(),
      languages: Languages.optional(),
      state: Agent.shape.state.optional(),
      settings: AgentSettings.optional(),
    }),
    output: Agent,
    errors: ['conflict', 'not_found'],
  }),
  prompts: get('/api/agents/:agent/prompts', {
    right: 'agents.prompt.read',
    summary: 'Every version of what an agent is told, the newest first',
    access: 'operator',
    input: onAgent,
    output: z.object({ items: z.array(PromptVersion) }),
    errors: ['not_found'],
  }),
  setPrompt: post('/api/agents/:agent/prompts', {
    right: 'agents.prompt.change',
    summary:
      'A new version of a prompt; `base` is the version it was written from, and a newer one there is a conflict',
    access: 'operator',
    status: 201,
    input: onPrompt.extend({ text: PromptText, base: z.int32().min(0).optional() }),
    output: PromptVersion,
    errors: ['conflict', 'not_found'],
  }),
  diffPrompt: get('/api/agents/:agent/prompts/diff', {
    right: 'agents.prompt.read',
    summary: 'What is different, line by line, between two versions of a prompt',
    access: 'operator',
    input: onPrompt.extend({ from: z.coerce.number().pipe(Version), to: z.coerce.number().pipe(Version) }),
    output: z.object({
      lines: z.array(z.object({ op: z.enum(['same', 'added', 'removed']), text: z.string() })),
    }),
    errors: ['not_found'],
  }),
  rollbackPrompt: post('/api/agents/:agent/prompts/rollback', {
    right: 'agents.prompt.change',
    summary: 'Bring the words of an older version back, as a new one',
    access: 'operator',
    status: 201,
    input: onPrompt.extend({ version: Version }),
    output: PromptVersion,
    errors: ['not_found'],
  }),
  mandate: get('/api/agents/:agent/mandate', {
    right: 'agents.mandate.read',
    summary: 'What an agent may do, and what it might earlier; version 0 where nobody ever said',
    access: 'operator',
    input: onAgent,
    output: MandateVersion.extend({ earlier: z.array(MandateVersion) }),
    errors: ['not_found'],
  }),
  setMandate: put('/api/agents/:agent/mandate', {
    right: 'agents.mandate.change',
    summary: 'Say anew what an agent may do, where, up to what cost and until when',
    access: 'operator',
    input: onAgent.extend({ mandate: Mandate, base: z.int32().min(0).optional() }),
    output: MandateVersion,
    errors: ['conflict', 'not_found'],
  }),
}
