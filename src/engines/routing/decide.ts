import { patternOf } from './patterns.ts'
import { type Days, type KnownModel, type Modality, type Rule, type RulesFile, textOf } from './rules.ts'

export type Scalar = string | number | boolean

/** What rules look at in a request. */
export interface Facts {
  readonly agent: string | null
  readonly mode: string | null
  readonly text: string
  readonly metadata: Readonly<Record<string, Scalar>>
  readonly now: number
  readonly modalities?: readonly Modality[]
  readonly bytes?: number
  readonly capabilities?: readonly string[]
  readonly ceilingUsd?: number | null
}

/** Where a request goes. */
export interface Target {
  /** A profile of the file, or an agent of the city where the file has none of that name. */
  readonly agent: string | null
  /** Whether `agent` is a profile of the file. */
  readonly profile: boolean
  /** Whether the rule itself named a model, a provider or capabilities. */
  readonly direct: boolean
  readonly model: string | null
  readonly provider: string | null
  readonly capabilities: string[]
  readonly prompt: string | null
  readonly temperature: number | null
  readonly maxTokens: number | null
  readonly maxUsd: number | null
}

export interface Condition {
  readonly name: string
  readonly wanted: string
  /** What is wanted, one by one, and how they belong together, to be said in any language. */
  readonly wants?: { readonly items: readonly string[]; readonly join: 'or' | 'and' | 'nor' }
  readonly got: string
  readonly holds: boolean
}

export interface Considered {
  readonly rule: string
  readonly priority: number
  /** All its conditions hold. */
  readonly matches: boolean
  /** It is the one that was used: the first that matches. */
  readonly used: boolean
  readonly conditions: Condition[]
}

export interface Router {
  decide(facts: Facts): { readonly rule: string | null; readonly target: Target }
  /** Every rule in the order they are tried, with why it holds or does not. */
  explain(facts: Facts): {
    readonly rule: string | null
    readonly target: Target
    readonly considered: Considered[]
  }
}

type Test = (facts: Facts) => Condition

/** Makes a file of rules ready to decide. Pure: the same facts get the same answer. */
export function createRules(file: RulesFile): Router {
  const ordered = file.rules
    .map((rule, index) => ({ rule, index, tests: testsOf(rule, file.timezone) }))
    .sort((a, b) => b.rule.priority - a.rule.priority || a.index - b.index)
  return {
    decide(facts) {
      const found = ordered.find(({ tests }) => tests.every((test) => test(facts).holds))
      return { rule: found?.rule.name ?? null, target: targetOf(file, found?.rule.use, facts) }
    },
    explain(facts) {
      let used: Rule | undefined
      const considered = ordered.map(({ rule, tests }) => {
        const conditions = tests.map((test) => test(facts))
        const matches = conditions.every(({ holds }) => holds)
        const first = matches && !used
        if (first) used = rule
        return { rule: rule.name, priority: rule.priority, matches, used: first, conditions }
      })
      return { rule: used?.name ?? null, target: targetOf(file, used?.use, facts), considered }
    },
  }
}

function targetOf(
  { agents, defaults }: RulesFile,
  use: Rule['use'] | undefined,
  { agent, ceilingUsd }: Facts,
): Target {
  const asked = agent !== null && agent in agents ? agent : undefined
  const named = use?.agent ?? asked ?? defaults.agent ?? null
  const { model, provider, prompt, temperature, maxTokens } = profileOf(agents, named)
  const ceilings = [use?.maxUsd, ceilingUsd].filter((usd) => typeof usd === 'number')
  const direct = use?.model !== undefined || use?.provider !== undefined || use?.capabilities !== undefined
  return {
    agent: named,
    profile: named !== null && named in agents,
    direct,
    // What a rule says stands before what a profile says, and that before the defaults.
    model: use?.model ?? (direct ? null : (model ?? (provider === undefined ? defaults.model : null))),
    provider: use?.provider ?? (direct ? null : (provider ?? null)),
    capabilities: use?.capabilities ?? [],
    prompt: prompt ?? null,
    temperature: temperature ?? defaults.temperature ?? null,
    maxTokens: maxTokens ?? defaults.maxTokens ?? null,
    maxUsd: ceilings.length > 0 ? Math.min(...ceilings) : null,
  }
}

function profileOf(agents: RulesFile['agents'], name: string | null): RulesFile['agents'][string] {
  let whole: RulesFile['agents'][string] = {}
  const seen = new Set<string>()
  for (let next = name ?? undefined; next !== undefined && !seen.has(next); ) {
    seen.add(next)
    const own = Object.hasOwn(agents, next) ? agents[next] : undefined
    whole = { ...own, ...whole }
    next = own?.agent
  }
  return whole
}

/** The model to ask: the one named, else the first of the provider with the capabilities; null where there is none. */
export function modelOf(target: Target, models: readonly KnownModel[]): KnownModel | null {
  const { model, provider, capabilities } = target
  const fits = (one: KnownModel) => capabilities.every((capability) => one.capabilities.includes(capability))
  if (model !== null)
    return (
      models.find(({ id }) => id === model) ?? {
        id: model,
        provider: provider ?? 'daarion',
        capabilities: [],
      }
    )
  return models.find((one) => (provider === null || one.provider === provider) && fits(one)) ?? null
}

function testsOf({ when }: Rule, timezone: string): Test[] {
  const tests: Test[] = []
  const add: Add = (name, said, look) =>
    tests.push((facts) => {
      const [got, holds] = look(facts)
      if (typeof said === 'string') return { name, wanted: said, got, holds }
      const { items, join } = said
      return { name, wanted: items.join(` ${join} `), wants: said, got, holds }
    })
  const oneOf = (name: 'agent' | 'mode', wanted: readonly string[]) =>
    add(name, oneOfThese(wanted), (facts) => [facts[name] ?? '—', wanted.includes(facts[name] ?? '')])

  if (when.agent) oneOf('agent', when.agent)
  if (when.mode) oneOf('mode', when.mode)
  for (const [key, wanted] of Object.entries(when.metadata ?? {}))
    add(`metadata.${key}`, oneOfThese(wanted.map(String)), ({ metadata }) => {
      const got = Object.hasOwn(metadata, key) ? metadata[key] : undefined
      return [got === undefined ? '—' : String(got), got !== undefined && wanted.includes(got)]
    })
  const { any, all, none } = textOf(when.text)
  const found = (text: string, sources: readonly string[]) =>
    sources.filter((one) => patternOf(one).holds(text))
  if (any)
    add('text.any', oneOfThese(any), ({ text }) => {
      const held = found(text, any)
      return [held.join(', ') || '—', held.length > 0]
    })
  if (all)
    add('text.all', { items: all, join: 'and' }, ({ text }) => {
      const held = found(text, all)
      return [held.join(', ') || '—', held.length === all.length]
    })
  if (none)
    add('text.none', { items: none, join: 'nor' }, ({ text }) => {
      const held = found(text, none)
      return [held.join(', ') || '—', held.length === 0]
    })
  if (when.time) addTime(when.time, timezone, add)
  addOfV2(when, add)
  return tests
}

const oneOfThese = (items: readonly string[]) => ({ items, join: 'or' as const })

type Add = (
  name: string,
  wanted: string | NonNullable<Condition['wants']>,
  look: (facts: Facts) => readonly [got: string, holds: boolean],
) => void

function addTime(time: NonNullable<Rule['when']['time']>, timeZone: string, add: Add): void {
  const { from, to, days } = time
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  const wanted = [`${from}–${to}`, ...(days ? [days.join(', ')] : []), timeZone].join(' ')
  add('time', wanted, ({ now }) => {
    const parts = Object.fromEntries(format.formatToParts(now).map(({ type, value }) => [type, value]))
    const clock = `${parts.hour}:${parts.minute}`
    const day = String(parts.weekday).toLowerCase().slice(0, 3) as Days
    const within = from <= to ? clock >= from && clock < to : clock >= from || clock < to
    return [`${day} ${clock}`, within && (!days || days.includes(day))]
  })
}

function addOfV2(when: Rule['when'], add: Add): void {
  const { modality, language, size, capabilities, ceilingUsd } = when
  if (modality)
    add('modality', oneOfThese(modality), ({ modalities = ['text'] }) => [
      modalities.join(', '),
      modality.some((one) => modalities.includes(one)),
    ])
  if (language)
    add('language', oneOfThese(language), ({ text }) => {
      const got = languageOf(text)
      return [got ?? '—', got !== null && language.includes(got)]
    })
  if (size) {
    const { minChars = 0, maxChars = Infinity, minBytes = 0, maxBytes = Infinity } = size
    const wanted = Object.entries(size).map(([name, value]) => `${name} ${value}`)
    add('size', wanted.join(', '), ({ text, bytes = 0 }) => [
      `${text.length} characters, ${bytes} bytes`,
      text.length >= minChars && text.length <= maxChars && bytes >= minBytes && bytes <= maxBytes,
    ])
  }
  if (capabilities)
    add('capabilities', { items: capabilities, join: 'and' }, ({ capabilities: got = [] }) => [
      got.join(', ') || '—',
      capabilities.every((one) => got.includes(one)),
    ])
  if (ceilingUsd !== undefined)
    add('ceilingUsd', `≤ ${ceilingUsd}`, ({ ceilingUsd: got = null }) => [
      got === null ? '—' : String(got),
      got !== null && got <= ceilingUsd,
    ])
}

/** Which alphabet most of the letters are of; null where there are none of either. */
export function languageOf(text: string): 'uk' | 'en' | null {
  const some = text.slice(0, 4_000)
  const cyrillic = some.match(/\p{Script=Cyrillic}/gu)?.length ?? 0
  const latin = some.match(/[a-z]/gi)?.length ?? 0
  if (cyrillic + latin === 0) return null
  return cyrillic >= latin ? 'uk' : 'en'
}
