import { Resolver } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import { AppError } from '../../kernel/errors.ts'
import { fetchError } from './fetch.errors.ts'

export interface Address {
  readonly address: string
  readonly family: 4 | 6
}

/** All addresses of a name; none where there is no such name. Rejects where nobody could be asked. */
export type Resolve = (name: string) => Promise<readonly Address[]>

const MISSING = ['ENOTFOUND', 'ENODATA', 'EBADNAME', 'EFORMERR']

/** Asks the system's DNS servers, and neither the hosts file nor search domains: what only this machine knows is not public. It holds no thread while it waits. */
export const resolvePublic: Resolve = async (name) => {
  const resolver = new Resolver({ timeout: 2000, tries: 2 })
  const both = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
  const found = both.flatMap((answer, i) =>
    answer.status === 'fulfilled'
      ? answer.value.map((address): Address => ({ address, family: i === 0 ? 4 : 6 }))
      : [],
  )
  const failed = both.find((answer) => answer.status === 'rejected' && !isMissing(answer.reason))
  if (found.length === 0 && failed?.status === 'rejected') throw failed.reason
  return found
}

const isMissing = (failure: unknown): boolean =>
  failure instanceof Error && 'code' in failure && MISSING.includes(String(failure.code))

/** Resolves where a socket connects, once, and gives it the addresses that were checked and no others: a name that changes between check and connection changes nothing. */
export function pinnedLookup(resolve: Resolve, isPublic: (address: string) => boolean): LookupFunction {
  const checked = async (name: string): Promise<readonly [Address, ...Address[]]> => {
    let found: readonly Address[]
    try {
      found = await resolve(name)
    } catch (cause) {
      throw fetchError('fetch.unreachable', { host: name }, { cause })
    }
    const [first, ...rest] = found.filter(({ address }) => isPublic(address))
    if (!first) throw fetchError('fetch.not_public', { host: name })
    return [first, ...rest]
  }
  return (name, options, done) => {
    checked(name).then(
      (found) => (options.all ? done(null, [...found]) : done(null, found[0].address, found[0].family)),
      // Nothing is connected after a failure; the address beside it is not read.
      (failure) => done(AppError.from(failure), ''),
    )
  }
}
