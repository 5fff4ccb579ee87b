import type { Config } from '../config.ts'
import type { Scope } from '../kernel/scope.ts'
import { openYamlFile } from '../platform/yaml-file.ts'
import { McpFile, NO_SERVERS } from '../services/agents/mcp/mcp-file.ts'
import type { OutsideNeeds } from '../services/agents/mcp/servers.ts'
import type { Platform } from './platform.ts'

/** The servers of tools that the operator names, and how the others are reached. */
export async function outsideServers(
  config: Pick<Config, 'mcpFile' | 'publicUrl' | 'secrets'>,
  { logger, secret }: Pick<Platform, 'logger' | 'secret'>,
  scope: Scope,
): Promise<OutsideNeeds> {
  let changed: () => void = () => undefined
  const file = await openYamlFile({
    path: config.mcpFile,
    schema: McpFile,
    empty: NO_SERVERS,
    onChange: () => changed(),
    logger,
  })
  scope.defer(() => file.stop())
  return {
    file,
    onFile(heard) {
      changed = heard
    },
    key: (variable) => config.secrets.providerKey(variable),
    open: (origins) => async (address, options) => {
      const { createSafeFetch } = await import('../platform/fetch/fetch.ts')
      return await createSafeFetch({ internal: origins })(address, options)
    },
    secret,
    publicUrl: config.publicUrl,
  }
}
