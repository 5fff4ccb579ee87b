import { z } from 'zod'
import type { Embeddings } from '../../engines/embeddings/embeddings.ts'
import { AppError, kernelError } from '../../kernel/errors.ts'
import { unknownModel } from './choose.ts'
import type { Visit } from './door.ts'
import { costOf, tokensOf } from './facts.ts'
import { signalOf } from './leaving.ts'
import type { Ledger } from './ledger.ts'
import { llmProxyError } from './llm-proxy.errors.ts'
import { CITY_MODEL, type Models, type Target } from './models.ts'
import { redacted } from './redact.ts'

const MAX_TEXTS = 2_048

const EmbeddingsRequest = z.looseObject({
  model: z.string(),
  input: z.union([
    z.string(),
    z.array(z.string()).min(1).max(MAX_TEXTS),
    z.array(z.number().int()).min(1),
    z.array(z.array(z.number().int())).min(1).max(MAX_TEXTS),
  ]),
  encoding_format: z.enum(['float', 'base64']).optional(),
})
type EmbeddingsRequest = z.infer<typeof EmbeddingsRequest>

export interface EmbeddingsNeeds {
  readonly models: () => Models
  readonly ledger: Ledger | null
  /** The city's own, under the names `city` and of its model. */
  readonly own: (() => Promise<Embeddings>) | undefined
}

/** Answers at `/v1/embeddings`: by a model of the file, or by the city's own engine. */
export const answerEmbeddings =
  ({ models, ledger, own }: EmbeddingsNeeds) =>
  async (visit: Visit): Promise<void> => {
    const parsed = EmbeddingsRequest.safeParse(visit.body)
    if (!parsed.success) throw kernelError('input.invalid', { detail: parsed.error.issues[0]?.message ?? '' })
    const request = parsed.data
    const { aliases, targets } = models()
    const names = aliases.get(request.model)?.use.map(({ model }) => model) ?? [request.model]
    const able = names
      .flatMap((name) => targets.get(name) ?? [])
      .filter(({ settings }) => settings.kind === 'embeddings')
    const allowed = able.filter((target) => target.local || visit.asker.mayLeave)
    if (able.length > 0 && allowed.length === 0)
      throw llmProxyError('llm_proxy.stays_here', { model: request.model })
    let failure: AppError | undefined
    for (const target of allowed)
      try {
        return await byProvider(target, request, visit, ledger)
      } catch (cause) {
        visit.signal.throwIfAborted()
        const failed = AppError.from(cause)
        if (!failed.retryable && failed.kind !== 'upstream') throw failed
        failure ??= failed
      }
    if (failure) throw failure
    const engine = await own?.()
    if (
      !engine ||
      (request.model !== CITY_MODEL && request.model !== engine.model && request.model !== engine.name)
    )
      throw unknownModel(models(), request.model)
    await byEngine(engine, request, visit)
  }

async function byProvider(
  target: Target,
  request: EmbeddingsRequest,
  { asker, bytes, signal, send }: Visit,
  ledger: Ledger | null,
): Promise<void> {
  const tokensIn = tokensOf(bytes.length)
  const { id, provider, name, wire } = target
  const hold = await ledger?.reserve({
    payer: asker.payer,
    kind: 'embeddings',
    model: id,
    provider,
    nanoUsd: costOf(target, { tokensIn, tokensOut: 0 }),
    tokens: tokensIn,
  })
  try {
    const input = target.local ? request.input : redacted(request.input, target.redact)
    const same = request.model === name && input === request.input
    const body = same ? bytes : JSON.stringify({ ...request, input, model: name })
    const answer = await wire?.send({ path: 'embeddings', body, stream: false, choices: false }, signal)
    if (answer?.kind !== 'whole') throw llmProxyError('llm_proxy.none_fits', { model: id, why: 'kind' })
    const told = z.object({ usage: z.object({ prompt_tokens: z.number() }) }).safeParse(answer.json)
    const used = told.success ? told.data.usage.prompt_tokens : tokensIn
    const nanoUsd = costOf(target, { tokensIn: used, tokensOut: 0 })
    hold?.settle({ nanoUsd, tokensIn: used, tokensOut: 0, counted: !told.success })
    send(200, answer.bytes, { model: id, provider })
  } catch (cause) {
    hold?.release()
    throw cause
  }
}

async function byEngine(
  engine: Embeddings,
  request: EmbeddingsRequest,
  { signal, send }: Visit,
): Promise<void> {
  const texts = z.union([z.string(), z.array(z.string())]).safeParse(request.input)
  if (!texts.success)
    throw kernelError('input.invalid', { detail: 'input: this model takes texts, not tokens' })
  const list = typeof texts.data === 'string' ? [texts.data] : texts.data
  const vectors = await engine.embed(list, { kind: 'passage', signal: signalOf(signal) })
  const encode = (vector: Float32Array) =>
    request.encoding_format === 'base64'
      ? Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64')
      : [...vector]
  const tokens = tokensOf(list.reduce((sum, text) => sum + text.length, 0))
  const body = {
    object: 'list',
    model: engine.model,
    data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: encode(vector) })),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  }
  send(200, JSON.stringify(body), { model: engine.model, provider: 'daarion' })
}
