import type { Message } from '../../../../src/services/city/messages.contract.ts'

/** The last message one may still change. */
export function lastEditable(messages: readonly Message[], me: string): string | null {
  const mine = messages.findLast(
    ({ author, deleted, forwarded, run }) => author.id === me && !deleted && !forwarded && run === undefined,
  )
  return mine?.id ?? null
}
