import type { CallOptions, Client, Contract } from '../../src/kernel/contract.ts'
import { kernelError } from '../../src/kernel/errors.ts'

type Calls = Readonly<Record<string, (input: never, options?: CallOptions) => Promise<unknown>>>

/** A client of which only `now` is at hand: the first call of anything else fetches the rest, once. Where that does not come, the call fails as one that reached nobody, and the next one tries again. */
export function later<C extends Contract>(
  now: Partial<Client<C>>,
  fetchRest: () => Promise<Client<C>>,
): Client<C> {
  let rest: Promise<Calls> | null = null
  const whole = (): Promise<Calls> => {
    rest ??= fetchRest().then(
      // A client is its calls by name; only their types differ.
      (client) => client as unknown as Calls,
      (cause: unknown) => {
        rest = null
        throw kernelError('peer.unreachable', { peer: globalThis.location?.host ?? '' }, { cause })
      },
    )
    return rest
  }
  const client = new Proxy(now as unknown as Calls, {
    get(calls, name) {
      // It is no promise, whoever awaits it.
      if (typeof name === 'symbol' || name === 'then') return undefined
      return (
        calls[name] ??
        (async (input: never, options?: CallOptions) => (await whole())[name]?.(input, options))
      )
    },
  })
  // Whatever the contract names is answered, now or after the fetch.
  return client as unknown as Client<C>
}
