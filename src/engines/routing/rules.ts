import { z } from 'zod'
import { patternOf, readPatterns } from './patterns.ts'

/** What may be known of the models there are, for judging rules; null where nobody can say. */
export type KnownModels = () => Promise<readonly KnownModel[] | null>
export interface KnownModel {
  readonly id: string
  readonly provider: string
  readonly capabilities: readonly string[]
  /** USD for a million tokens, where it is known. */
  readonly price?: { readonly in: number; readonly out: number } | undefined
}

const MAX_RULES = 200
/** Of all patterns of a file together. */
const MAX_ALL_STEPS = 4_000

const Name = z.string().min(1).max(100)
const OneOrMore = z.union([Name.transform((one) => [one]), z.array(Name).min(1).max(50)])
const Scalar = z.union([z.string().max(200), z.number(), z.boolean()])
const Clock = z
  .string()
  .regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/, 'must be a time of day such as "08:30"')
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

const Pattern = z
  .string()
  .min(1)
  .check(async (found) => {
    await readPatterns()
    try {
      patternOf(found.value)
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : 'is no regular expression of RE2'
      found.issues.push({ code: 'custom', input: found.value, message })
    }
  })
const Patterns = z.array(Pattern).min(1).max(50)
const Text = z.union([
  Pattern.transform((one) => ({ any: [one] })),
  z.strictObject({
    /** One of them occurs; all of them occur; none of them does. */
    any: Patterns.optional(),
    all: Patterns.optional(),
    none: Patterns.optional(),
  }),
])

const Times = z.strictObject({
  /** From a minute on, until before another; over midnight where `to` is the earlier one. */
  from: Clock.default('00:00'),
  to: Clock.default('24:00'),
  days: z.array(z.enum(DAYS)).min(1).optional(),
})

const WhenV1 = z.strictObject({
  agent: OneOrMore.optional(),
  mode: OneOrMore.optional(),
  metadata: z
    .record(z.string().max(100), z.union([Scalar.transform((one) => [one]), z.array(Scalar).min(1).max(50)]))
    .optional(),
  text: Text.optional(),
  time: Times.optional(),
})

const MODALITIES = ['text', 'audio', 'image', 'file', 'search'] as const
const Modality = z.enum(MODALITIES)
export type Modality = z.infer<typeof Modality>
const Count = z.number().int().min(0)
const Usd = z.number().min(0).max(1_000)

const WhenV2 = WhenV1.extend({
  /** One of these kinds of part is among what is asked. */
  modality: z.union([Modality.transform((one) => [one]), z.array(Modality).min(1)]).optional(),
  language: z
    .union([z.enum(['uk', 'en']).transform((one) => [one]), z.array(z.enum(['uk', 'en'])).min(1)])
    .optional(),
  size: z
    .strictObject({
      minChars: Count.optional(),
      maxChars: Count.optional(),
      minBytes: Count.optional(),
      maxBytes: Count.optional(),
    })
    .optional(),
  /** All of these are among what the request says it needs. */
  capabilities: OneOrMore.optional(),
  /** The request's own ceiling is this or lower. */
  ceilingUsd: Usd.optional(),
})

const USES = 'must name a model, a provider or an agent'
const UseV1 = z.strictObject({ model: Name.optional(), provider: Name.optional(), agent: Name.optional() })
const UseV2 = UseV1.extend({
  /** The first model that has all of them. */
  capabilities: OneOrMore.optional(),
  /** What the answer may cost at most. */
  maxUsd: Usd.optional(),
})
const namesOne = (use: object): boolean => Object.values(use).some((value) => value !== undefined)

const Profile = z.strictObject({
  /** Goes on as another profile, for what this one leaves open. */
  agent: Name.optional(),
  model: Name.optional(),
  provider: Name.optional(),
  prompt: z.string().max(8_000).optional(),
  temperature: z.number().min(0).max(2).optional(),
  maxTokens: z.number().int().min(1).max(100_000).optional(),
})

const Defaults = z.strictObject({
  agent: Name.optional(),
  model: Name.default('city'),
  temperature: Profile.shape.temperature,
  maxTokens: Profile.shape.maxTokens,
  timeoutSeconds: z.number().int().min(1).max(300).default(60),
})

const Zone = z.string().check((found) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: found.value })
  } catch {
    const message = 'must be the name of a time zone such as Europe/Kyiv'
    found.issues.push({ code: 'custom', input: found.value, message })
  }
})

const NAMED = {
  name: Name,
  about: z.string().max(300).optional(),
  /** The higher one goes first; equal ones in the order of the file. */
  priority: z.number().int().min(-1_000_000).max(1_000_000).default(0),
}
const file = <R extends z.ZodType>(one: R) =>
  z.strictObject({
    timezone: Zone.default('UTC'),
    agents: z.record(Name, Profile).default({}),
    rules: z.array(one).max(MAX_RULES).default([]),
    defaults: Defaults.prefault({}),
  })

const V1 = file(z.strictObject({ ...NAMED, when: WhenV1.prefault({}), use: UseV1.refine(namesOne, USES) }))
const V2 = file(z.strictObject({ ...NAMED, when: WhenV2.prefault({}), use: UseV2.refine(namesOne, USES) }))
/** A file of rules as it was written, every default filled in. Whatever Router v1 takes, Router v2 takes. */
export type RulesFile = z.infer<typeof V2>
export type Rule = RulesFile['rules'][number]
export type Days = (typeof DAYS)[number]

/** The schema of a file of rules: shape, patterns, names twice, profiles in a circle, and models that nobody has. */
export function rulesSchema(version: 'v1' | 'v2', known: KnownModels): z.ZodType<RulesFile> {
  // What v1 takes is a part of what v2 takes.
  const shape = version === 'v1' ? (V1 as unknown as typeof V2) : V2
  return shape.superRefine(async (value, context) => {
    const wrong = (path: PropertyKey[], message: string) =>
      context.addIssue({ code: 'custom', path, message })
    judgeRules(value, version, wrong)
    judgeProfiles(value, wrong)
    const models = await known()
    if (models) judgeModels(value, models, wrong)
  })
}

export const NO_RULES: RulesFile = V2.parse({})

type Wrong = (path: PropertyKey[], message: string) => void

function judgeRules({ rules, agents }: RulesFile, version: 'v1' | 'v2', wrong: Wrong): void {
  const seen = new Map<string, number>()
  let steps = 0
  rules.forEach(({ name, use, when }, index) => {
    const before = seen.get(name)
    if (before !== undefined) wrong(['rules', index, 'name'], `rule ${before + 1} has the name ${name} too`)
    seen.set(name, index)
    if (version === 'v1' && use.agent !== undefined && !(use.agent in agents))
      wrong(
        ['rules', index, 'use', 'agent'],
        `there is no ${use.agent} under agents; ${listed(Object.keys(agents))}`,
      )
    const { any = [], all = [], none = [] } = textOf(when.text)
    for (const source of [...any, ...all, ...none]) steps += stepsOf(source)
  })
  if (steps > MAX_ALL_STEPS)
    wrong(['rules'], `all patterns together take ${steps} steps a letter, at most ${MAX_ALL_STEPS} may be`)
}

/** A pattern that is wrong was told of already. */
function stepsOf(source: string): number {
  try {
    return patternOf(source).steps
  } catch {
    return 0
  }
}

export const textOf = (text: Rule['when']['text']) =>
  (text ?? {}) as { any?: string[]; all?: string[]; none?: string[] }

function judgeProfiles({ agents, defaults }: RulesFile, wrong: Wrong): void {
  for (const [name, profile] of Object.entries(agents)) {
    if (profile.agent !== undefined && !(profile.agent in agents))
      wrong(
        ['agents', name, 'agent'],
        `there is no ${profile.agent} under agents; ${listed(Object.keys(agents))}`,
      )
    const path = [name]
    for (let next = profile.agent; next !== undefined && next in agents; next = agents[next]?.agent) {
      path.push(next)
      if (next === name) wrong(['agents', name, 'agent'], `goes in a circle: ${path.join(' → ')}`)
      if (path.indexOf(next) < path.length - 1) break
    }
  }
  if (defaults.agent !== undefined && !(defaults.agent in agents))
    wrong(['defaults', 'agent'], `there is no ${defaults.agent} under agents; ${listed(Object.keys(agents))}`)
}

function judgeModels(
  { rules, agents, defaults }: RulesFile,
  models: readonly KnownModel[],
  wrong: Wrong,
): void {
  const ids = models.map(({ id }) => id)
  const providers = [...new Set(models.map(({ provider }) => provider))]
  const judge = (use: { model?: string | undefined; provider?: string | undefined }, path: PropertyKey[]) => {
    if (use.model !== undefined && !ids.includes(use.model))
      wrong([...path, 'model'], `there is no model ${use.model}; ${listed(ids)}`)
    if (use.provider !== undefined && !providers.includes(use.provider))
      wrong([...path, 'provider'], `there is no provider ${use.provider}; ${listed(providers)}`)
  }
  for (const [index, { use }] of rules.entries()) judge(use, ['rules', index, 'use'])
  for (const [name, profile] of Object.entries(agents)) judge(profile, ['agents', name])
  judge({ model: defaults.model }, ['defaults'])
}

const MAX_LISTED = 20
const listed = (names: readonly string[]): string =>
  names.length === 0 ? 'there is none' : `there are ${names.slice(0, MAX_LISTED).join(', ')}`
