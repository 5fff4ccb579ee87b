import type { ChatRequest } from '../../engines/llm/llm.ts'
import { kernelError } from '../../kernel/errors.ts'
import { costOf, type Facts, factsOf, NANO, outputTokens } from './facts.ts'
import type { Payer } from './ledger.ts'
import { llmProxyError } from './llm-proxy.errors.ts'
import type { Alias, Models, Target } from './models.ts'
import type { Step } from './models-file.ts'

export interface Choice {
  /** In the order they are asked; never empty. */
  readonly targets: readonly Target[]
  readonly hedgeMs: number | undefined
  readonly retryMs: number
  readonly facts: Facts
}

interface WhoAsks {
  readonly payer: Payer
  /** Whether what is asked may leave the operator's own machines. */
  readonly mayLeave: boolean
}

/** Who is asked, and who after them: what a name stands for, without those who cannot or may not take the request. Throws what a client can act on. */
export function choose(
  models: Models,
  request: ChatRequest,
  asker: WhoAsks,
  /** 0…1 */
  random: () => number,
): Choice {
  const { targets, aliases } = models
  const alias = aliases.get(request.model)
  const named = targets.get(request.model)
  if (!alias && !named) throw unknownModel(models, request.model)
  const facts = factsOf(request)
  const steps: readonly Step[] = alias?.use ?? [{ model: request.model }]
  const holding = alias ? steps.filter((step) => holds(step, request, facts, asker.payer, targets)) : steps
  const ordered = inOrder(holding, alias, request, asker.payer, random)
  const able: Target[] = []
  let why = 'none'
  for (const { model } of ordered) {
    const target = targets.get(model)
    if (!target || able.includes(target)) continue
    const lack = lackOf(target, request, facts, asker)
    if (lack) why = lack
    else able.push(target)
  }
  if (able.length === 0) throw nobody(request.model, why)
  return {
    targets: able,
    hedgeMs: alias?.hedge_ms,
    facts,
    retryMs: alias?.retry_s === undefined ? (able[0]?.retryForMs ?? 0) : alias.retry_s * 1_000,
  }
}

export function unknownModel({ targets, aliases }: Models, model: string) {
  const models = [...aliases.keys(), ...targets.keys()].join(', ')
  return llmProxyError('llm_proxy.model_unknown', { model: model.slice(0, 100), models })
}

function nobody(model: string, why: string) {
  if (why === 'leaves') return llmProxyError('llm_proxy.stays_here', { model })
  if (why === 'none') return llmProxyError('llm_proxy.none_fits', { model, why: 'when' })
  if (why === 'kind') return kernelError('input.invalid', { detail: `${model} embeds and does not talk` })
  return llmProxyError('llm_proxy.none_fits', { model, why })
}

/** Why a model cannot take a request; nothing where it can. */
function lackOf(target: Target, request: ChatRequest, facts: Facts, { mayLeave }: WhoAsks): string | null {
  const { settings } = target
  if (settings.kind !== 'chat') return 'kind'
  if (!mayLeave && !target.local) return 'leaves'
  const lacking = settings.capabilities && facts.needs.find((need) => !settings.capabilities?.includes(need))
  if (lacking) return lacking
  const { tags, maxUsd } = request.daarion ?? {}
  if (tags?.some((tag) => !settings.tags.includes(tag))) return 'tags'
  const output = outputTokens(request, target)
  if (settings.context !== undefined && facts.inputTokens > settings.context) return 'context'
  if (maxUsd !== undefined && dollars(target, facts, output) > maxUsd) return 'max_usd'
  return null
}

const dollars = (target: Target, { inputTokens }: Facts, tokensOut: number): number =>
  costOf(target, { tokensIn: inputTokens, tokensOut }) / NANO

function holds(
  { model, when }: Step,
  request: ChatRequest,
  facts: Facts,
  payer: Payer,
  targets: Models['targets'],
): boolean {
  if (!when) return true
  const target = targets.get(model)
  if (!target) return false
  const { language, tags, community, needs, max_usd: most, max_input_tokens: longest } = when
  return (
    (language === undefined || language === (request.daarion?.language ?? facts.language)) &&
    (tags === undefined || tags.every((tag) => request.daarion?.tags?.includes(tag))) &&
    (community === undefined || (payer.community !== null && community.includes(payer.community))) &&
    (needs === undefined || needs.every((need) => facts.needs.includes(need))) &&
    (longest === undefined || facts.inputTokens <= longest) &&
    (most === undefined || dollars(target, facts, outputTokens(request, target)) <= most)
  )
}

/** One of those with weights first, by chance or always the same for a session; the rest in their order. */
function inOrder(
  steps: readonly Step[],
  alias: Alias | undefined,
  request: ChatRequest,
  payer: Payer,
  random: () => number,
): readonly Step[] {
  const total = steps.reduce((sum, { weight = 0 }) => sum + weight, 0)
  if (total === 0) return steps
  const session = request.daarion?.session ?? payer.room ?? payer.principal
  let left = (alias?.sticky && session ? stable(session) : random()) * total
  const drawn = steps.find(({ weight = 0 }) => {
    left -= weight
    return weight > 0 && left < 0
  })
  return drawn ? [drawn, ...steps.filter((step) => step !== drawn)] : steps
}

/** FNV-1a: the same part of 0…1 for the same text, in every process. */
function stable(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0
  // Texts that differ in their end alone differ in the low bits most; they are spread.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32
}
