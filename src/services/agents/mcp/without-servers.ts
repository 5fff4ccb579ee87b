import { agentsError } from '../agents.errors.ts'
import type { Servers } from './servers.ts'

const absent = async (): Promise<never> => {
  throw agentsError('agents.servers_absent')
}

/** In place of servers of tools, where the city is put together without any. */
export const withoutServers: Servers = {
  handlers: {
    servers: async () => ({ items: [] }),
    addServer: absent,
    removeServer: absent,
    connectServer: absent,
    finishConnecting: absent,
    setToolRisk: absent,
  },
  tools: () => [],
  start: async () => undefined,
  checks: () => [],
  stop: async () => undefined,
}
