import type { Clock } from '../../kernel/clock.ts'
import { createRules, type Router } from './decide.ts'
import { type KnownModel, NO_RULES, type RulesFile } from './rules.ts'

/** Keeps what a file of rules was made ready to, and the models there are, for a few seconds: neither is made anew for each request. */
export interface RuleBook {
  router(): Router
  models(): Promise<readonly KnownModel[]>
  shown(): {
    readonly timezone: string
    readonly agents: { name: string; model: string | null; provider: string | null }[]
    readonly rules: { name: string; about: string | null; priority: number; when: object; use: object }[]
    readonly defaults: object
  }
}

const MODELS_MS = 5_000

export function createRuleBook(needs: {
  readonly current: () => RulesFile
  readonly models: () => Promise<readonly KnownModel[]>
  readonly clock: Clock
}): RuleBook {
  let made: { readonly of: RulesFile; readonly router: Router } = {
    of: NO_RULES,
    router: createRules(NO_RULES),
  }
  let known: { readonly until: number; readonly models: Promise<readonly KnownModel[]> } | undefined
  return {
    router() {
      const of = needs.current()
      if (made.of !== of) made = { of, router: createRules(of) }
      return made.router
    },
    models() {
      if (known && needs.clock.now() < known.until) return known.models
      // Nobody can say now: then a model is asked for by its name, and the proxy says whether it has it.
      const models = needs.models().catch(() => [])
      known = { until: needs.clock.now() + MODELS_MS, models }
      return models
    },
    shown() {
      const { timezone, agents, rules, defaults } = needs.current()
      return {
        timezone,
        agents: Object.entries(agents).map(([name, { model = null, provider = null }]) => ({
          name,
          model,
          provider,
        })),
        rules: rules
          .map(({ name, about = null, priority, when, use }) => ({ name, about, priority, when, use }))
          .sort((a, b) => b.priority - a.priority),
        defaults,
      }
    },
  }
}
