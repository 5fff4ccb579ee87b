import { z } from 'zod'
import { get, post, put } from '../../kernel/contract.ts'
import { Failure } from '../../kernel/errors.ts'

const Problem = z.object({ line: z.number().int().nullable(), message: z.string() })

export const ShownProvider = z.object({
  name: z.string(),
  url: z.string(),
  local: z.boolean(),
  /** The environment variable that holds its key; the key itself is never told. */
  key: z.string().nullable(),
})

export const ShownModel = z.object({
  id: z.string(),
  provider: z.string(),
  kind: z.enum(['chat', 'embeddings']),
  capabilities: z.array(z.string()).nullable(),
  context: z.number().int().nullable(),
  /** US dollars for a million tokens. */
  price: z.object({ in: z.number(), out: z.number() }).nullable(),
  local: z.boolean(),
  /** `rests`: its breaker is open; `last`: it refused our key or credit, and is asked after the others. */
  state: z.enum(['ok', 'rests', 'last']),
  restsMs: z.number(),
  /** The last failure since it last answered, in this process. */
  failed: z.object({ at: z.iso.datetime(), error: Failure }).nullable(),
  /** From being asked to the first word, lately; null where nobody asked yet. */
  latencyMs: z.number().nullable(),
})
export type ShownModel = z.infer<typeof ShownModel>

export const ModelsShown = z.object({
  file: z.object({ path: z.string(), problem: Problem.nullable() }).nullable(),
  providers: z.array(ShownProvider),
  models: z.array(ShownModel),
  aliases: z.array(
    z.object({
      name: z.string(),
      sticky: z.boolean(),
      use: z.array(z.object({ model: z.string(), weight: z.number().nullable(), conditional: z.boolean() })),
    }),
  ),
})
export type ModelsShown = z.infer<typeof ModelsShown>

/** How those who run the city look after its language models. */
export const operatorOperations = {
  shown: get('/api/llm/models', {
    right: 'llm-proxy.provider.read',
    summary: 'Providers, models and aliases, and how each model is doing; keys are told by their names alone',
    access: 'operator',
    input: z.object({}),
    output: ModelsShown,
  }),
  tryModel: post('/api/llm/models/try', {
    right: 'llm-proxy.provider.try',
    summary: 'Ask one model or alias for a word, to see whether it answers and how soon',
    access: 'operator',
    input: z.object({ model: z.string().min(1).max(200) }),
    output: z.object({ ms: z.number(), said: z.string().nullable(), error: Failure.nullable() }),
  }),
  file: get('/api/llm/file', {
    right: 'llm-proxy.file.read',
    summary: 'The file of providers and models as it is written; for the owner',
    access: 'operator',
    input: z.object({}),
    output: z.object({ path: z.string(), text: z.string(), digest: z.string() }),
    errors: ['not_found', 'forbidden'],
  }),
  setFile: put('/api/llm/file', {
    right: 'llm-proxy.file.change',
    summary:
      'Write the file anew, where it is right: a wrong one is answered with its line and nothing is written; for the owner',
    access: 'operator',
    input: z.object({
      text: z.string().max(1_000_000),
      /** Of the text that was changed: whoever wrote meanwhile is not overwritten. */
      digest: z.string().max(100),
      /** Only look whether it is right. */
      check: z.boolean().default(false),
    }),
    output: z.object({ saved: z.boolean(), digest: z.string(), problem: Problem.nullable() }),
    errors: ['not_found', 'forbidden', 'conflict'],
  }),
}
