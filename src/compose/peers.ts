import { type Config, ConfigError, peerVariable, type ServiceName } from '../config.ts'
import { connect, local } from '../kernel/client.ts'
import type { CallOptions, Client, Contract } from '../kernel/contract.ts'
import type { Service } from '../platform/http/service.ts'
import type { ServiceTokens } from '../platform/http/token.ts'
import { CONTRACTS } from './contracts.ts'

type Contracts = typeof CONTRACTS

/** How one service gets hold of another: in this process, or at its peer, by the same client. */
export interface Peers {
  /** Makes a service known as running here. */
  run<N extends ServiceName>(name: N, service: Service<Contracts[N]>): void
  /** The client `from` holds of `name`; undefined where it neither runs here nor has a peer. */
  find<N extends ServiceName>(name: N, from: string): Client<Contracts[N]> | undefined
  /** The same, where `from` cannot do without: a start-up error names both. */
  need<N extends ServiceName>(name: N, from: string): Client<Contracts[N]>
  /** Where a service that does not run here is, with the header that says who calls. */
  remote(name: ServiceName, from: string): Remote | undefined
  readonly running: ReadonlyMap<ServiceName, Service<Contract>>
}

export interface Remote {
  readonly url: string
  authorize(options: CallOptions): Promise<Record<string, string>>
}

export function createPeers(config: Pick<Config, 'peers'>, tokens: ServiceTokens): Peers {
  const running = new Map<ServiceName, Service<Contract>>()

  function remote(name: ServiceName, from: string): Remote | undefined {
    const url = config.peers[name]
    if (!url) return undefined
    return {
      url,
      authorize: async ({ principal = null }) => ({
        authorization: `Service ${await tokens.sign({ service: from, principal })}`,
      }),
    }
  }

  function find<N extends ServiceName>(name: N, from: string): Client<Contracts[N]> | undefined {
    const contract: Contracts[N] = CONTRACTS[name]
    const here = running.get(name)
    // `run` stored this service under the name of its own contract.
    if (here) return local(contract, here.handlers as Service<Contracts[N]>['handlers'], from)
    const there = remote(name, from)
    return there && connect(there.url, contract, there)
  }

  return {
    running,
    remote,
    find,
    // A service of one contract is kept as a service of some contract; `find` takes it out again as its own.
    run: (name, service) => void running.set(name, service as unknown as Service<Contract>),
    need(name, from) {
      const client = find(name, from)
      if (client) return client
      throw new ConfigError([
        `RUN runs ${from}, which needs ${name}: run it here too, or say where it is by ${peerVariable(name)}`,
      ])
    },
  }
}
