import { z } from 'zod'
import type { AppError } from '../../kernel/errors.ts'
import type { Secret } from '../../kernel/secret.ts'

/** What a provider itself said about a request it refused. Shown to whoever made the request, never logged: it may repeat their words. */
export const ProviderError = z.object({
  message: z.string(),
  type: z.string().nullish(),
  code: z.union([z.string(), z.number()]).nullish(),
  param: z.unknown(),
})
export type ProviderError = z.infer<typeof ProviderError>

const Body = z.union([
  z.object({ error: ProviderError }),
  z.object({ error: z.string() }).transform(({ error }) => ({ error: { message: error, param: null } })),
])

class ProviderRefusal extends Error {
  override readonly name = 'ProviderRefusal'
  readonly said: ProviderError
  constructor(said: ProviderError) {
    super('The provider refused the request')
    this.said = said
  }
}

/** Reads the error body of a provider into the cause of a failure; undefined where it is in no known shape. The key is cut out wherever the provider repeats it. */
export function providerRefusal(body: unknown, key: Secret | null): Error | undefined {
  const parsed = Body.safeParse(body)
  if (!parsed.success) return undefined
  const { error } = parsed.data
  const secret = key?.reveal()
  const message = secret ? error.message.replaceAll(secret, '[secret]') : error.message
  return new ProviderRefusal({ ...error, message: message.slice(0, 2_000) })
}

/** What the provider said, where a failure carries it. */
export const saidByProvider = (failure: AppError): ProviderError | undefined =>
  failure.cause instanceof ProviderRefusal ? failure.cause.said : undefined
