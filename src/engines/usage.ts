import { z } from 'zod'

/** What a provider counted of one request, told as soon as it has answered. */
export interface Used {
  /** Who is paid: one of the driver's `paid`. */
  readonly by: string
  readonly unit: 'seconds' | 'characters' | 'searches' | 'tokens'
  readonly amount: number
}

/** Hears what was used, also where the answer is of no use afterwards. */
export type OnUsed = (used: Used) => void

/** How servers of OpenAI's shape count an answer. */
const Counted = z.object({ usage: z.object({ total_tokens: z.number().nonnegative() }) })

/** Tells the tokens of an answer, where the server told them. */
export function tellTokens(answer: unknown, by: string, onUsed: OnUsed | undefined): void {
  const { data } = Counted.safeParse(answer)
  if (data) onUsed?.({ by, unit: 'tokens', amount: data.usage.total_tokens })
}
