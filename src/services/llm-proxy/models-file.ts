import { z } from 'zod'

/** What a model can be asked for beyond words. */
export const Capability = z.enum(['tools', 'images', 'audio', 'json', 'reasoning', 'logprobs'])
export type Capability = z.infer<typeof Capability>

const name = z.string().regex(/^[\w][\w.:/@ -]{0,99}$/, 'must be a name of letters, digits and . : / @ _ -')
const tags = z.array(z.string().min(1).max(60)).max(20)
const seconds = z.number().min(1).max(3600)
const dollars = z.number().min(0).max(100_000)

/** Names of variables that hold keys of providers; no other secret of the city can be sent away by a line of this file. */
const KEY = /^[A-Z][A-Z0-9_]*_KEY$/

/** How this machine runs models in files. */
export const FileSettings = z.strictObject({
  /** The longest context of one answer, in tokens. */
  context: z.number().int().min(256).max(10_000_000).default(8192),
  /** Answers of one model under way at once. */
  parallel: z.number().int().min(1).max(64).default(2),
  /** Models in memory at once. */
  loaded: z.number().int().min(1).max(16).default(1),
  threads: z.number().int().min(1).max(1024).optional(),
  /** A model nobody asked for so long is put out of memory. */
  idle_s: seconds.default(300),
})
export type FileSettings = z.infer<typeof FileSettings>

export const ProviderSettings = z.strictObject({
  /** The base URL, with its `/v1` where it has one; or, as `file:///…`, a folder of GGUF files that this machine runs itself. */
  url: z.url({
    protocol: /^(https?|file)$/,
    error:
      'must be an address that begins with http:// or https://, or a folder of GGUF files that begins with file:///',
  }),
  /** The environment variable that holds its key. */
  key: z.string().regex(KEY, 'must be the name of an environment variable that ends with _KEY').optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Whether what is sent to it stays on the operator's own machines; where nothing is said, only loopback does. */
  local: z.boolean().optional(),
  /** Whether a stream may be asked for its usage (`stream_options`). */
  stream_usage: z.boolean().default(true),
  idle_s: seconds.default(120),
  /** How many answers may be under way at once, of this process. */
  concurrent: z.number().int().min(1).max(100_000).optional(),
  /** For models in files. */
  files: FileSettings.optional(),
  /** What is cut out of a request before it leaves: secrets always where it is foreign, people's data where this says so. */
  redact: z.enum(['secrets', 'personal', 'none']).default('secrets'),
})
export type ProviderSettings = z.infer<typeof ProviderSettings>

/** US dollars for a million tokens. */
const Price = z.strictObject({ input: dollars, output: dollars.default(0), cached: dollars.optional() })

export const ModelSettings = z.strictObject({
  provider: name,
  /** What the provider calls it; its own name here where nothing is said. */
  name: z.string().min(1).max(200).optional(),
  kind: z.enum(['chat', 'embeddings']).default('chat'),
  /** Where it is absent nothing is known, and everything is tried. */
  capabilities: z.array(Capability).optional(),
  /** In tokens: what goes in and out together. */
  context: z.number().int().min(1).max(100_000_000).optional(),
  max_output: z.number().int().min(1).max(10_000_000).optional(),
  price: Price.optional(),
  languages: z.array(z.enum(['uk', 'en'])).optional(),
  tags: tags.default([]),
})
export type ModelSettings = z.infer<typeof ModelSettings>

const When = z.strictObject({
  language: z.enum(['uk', 'en']).optional(),
  /** The request names all of these. */
  tags: tags.optional(),
  community: z.array(z.string()).optional(),
  needs: z.array(Capability).optional(),
  /** The longest answer costs at most so much. */
  max_usd: dollars.optional(),
  max_input_tokens: z.number().int().min(1).optional(),
})
const Step = z.strictObject({
  model: name,
  /** Where some steps have weights, the first try is drawn among them; all others follow in their order. */
  weight: z.number().min(0).max(1_000_000).optional(),
  when: When.optional(),
})
export type Step = z.infer<typeof Step>

export const AliasSettings = z.strictObject({
  use: z
    .array(z.union([name.transform((model): Step => ({ model })), Step]))
    .min(1)
    .max(50),
  /** Whether a session, or else a principal, stays with the model it was first given. */
  sticky: z.boolean().default(false),
  /** Asks the next model too when the first has not begun by then. */
  hedge_ms: z.number().int().min(10).max(600_000).optional(),
  /** How long failures before the first token are tried again. */
  retry_s: z.number().min(0).max(600).optional(),
})
export type AliasSettings = z.infer<typeof AliasSettings>

/** `config/models.yaml`. `config/models.example.yaml` shows all of it. */
export const ModelsFile = z
  .strictObject({
    providers: z.record(name, ProviderSettings).default({}),
    models: z.record(name, ModelSettings).default({}),
    aliases: z.record(name, AliasSettings).default({}),
    /** Answers to exactly the same request may be given again for so long, where a request asks for it by `daarion.cache`. */
    cache_s: seconds.default(600),
  })
  .superRefine(({ providers, models, aliases }, context) => {
    const complain = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message })
    for (const [id, { provider }] of Object.entries(models))
      if (!(provider in providers))
        complain(
          ['models', id, 'provider'],
          `there is no provider ${provider}; there are ${Object.keys(providers).join(', ') || 'none'}`,
        )
    for (const [id, { use }] of Object.entries(aliases)) {
      if (id in models) complain(['aliases', id], `${id} is a model already`)
      for (const [place, { model }] of use.entries())
        if (model in aliases)
          complain(['aliases', id, 'use', place], `${model} is an alias; an alias names models`)
        else if (!(model in models) && !BUILT_IN.has(model))
          complain(
            ['aliases', id, 'use', place],
            `there is no model ${model}; there are ${[...Object.keys(models), ...BUILT_IN].join(', ')}`,
          )
    }
  })
export type ModelsFile = z.infer<typeof ModelsFile>

/** Models that are there without a file. */
const BUILT_IN: ReadonlySet<string> = new Set(['librarian'])

/** What holds without a file. */
export const NO_MODELS: ModelsFile = { providers: {}, models: {}, aliases: {}, cache_s: 600 }
