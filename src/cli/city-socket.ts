import { join } from 'node:path'
import { Agent, fetch } from 'undici'
import { readConfig } from '../config.ts'
import { connect } from '../kernel/client.ts'
import type { Client, Contract } from '../kernel/contract.ts'
import { AppError } from '../kernel/errors.ts'
import { CommandFailure, type Terminal } from './terminal.ts'

/** The exit code of a command that needs a running city and finds none. */
const STOPPED = 3

/** Does something with the running city, as its operator: over the socket in its data folder that only its user may open. Ends with exit code 3 where the city is not running. */
export async function withCity<C extends Contract, T>(
  terminal: Terminal,
  contract: C,
  work: (city: Client<C>) => Promise<T>,
): Promise<T> {
  const { dataDir } = readConfig(terminal.env)
  const agent = new Agent({ connect: { socketPath: citySocket(dataDir) } })
  try {
    return await work(connect('http://localhost', contract, { fetch: fetchOver(agent) }))
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    if (error.code === 'peer.unreachable')
      throw new CommandFailure(`No city is running in ${dataDir}. Start it with: npm start`, STOPPED)
    throw error
  } finally {
    await agent.close()
  }
}

export const citySocket = (dataDir: string): string => join(dataDir, 'city.sock')

/** undici's fetch is the standard's; its types are declared apart from Node's. */
export const fetchOver = (agent: Agent): typeof globalThis.fetch =>
  ((url: URL, init: object) => fetch(url, { ...init, dispatcher: agent })) as never
