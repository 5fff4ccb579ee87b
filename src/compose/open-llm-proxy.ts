import { join, resolve } from 'node:path'
import type { Config } from '../config.ts'
import type { Embeddings } from '../engines/embeddings/embeddings.ts'
import type { Llm } from '../engines/llm/llm.ts'
import type { Scope } from '../kernel/scope.ts'
import { openYamlFile } from '../platform/yaml-file.ts'
import type { LlmTables } from '../services/llm-proxy/llm-proxy.tables.ts'
import { createLlmProxy, type LlmProxy } from '../services/llm-proxy/llm-proxy.ts'
import { ModelsFile, NO_MODELS } from '../services/llm-proxy/models-file.ts'
import { providersWith } from '../services/llm-proxy/providers.ts'
import type { Platform } from './platform.ts'

/** The language models: the operator's file before what the environment names. */
export async function openLlmProxy(
  config: Pick<Config, 'modelsFile' | 'dataDir' | 'secrets'>,
  {
    database,
    events,
    clock,
    ids,
    logger,
    metrics,
  }: Pick<Platform, 'database' | 'events' | 'clock' | 'ids' | 'logger' | 'metrics'>,
  engines: { readonly llm: readonly [Llm, ...Llm[]]; embeddings(): Promise<Embeddings> },
  scope: Scope,
): Promise<LlmProxy> {
  let proxy: LlmProxy | undefined
  const file = await openYamlFile({
    path: config.modelsFile,
    schema: ModelsFile,
    empty: NO_MODELS,
    onChange: (models) => proxy?.reload(models),
    logger,
  })
  scope.defer(() => file.stop())
  proxy = createLlmProxy({
    engines: engines.llm,
    embeddings: () => engines.embeddings(),
    file,
    path: config.modelsFile,
    metrics,
    open: providersWith(
      (variable) => config.secrets.providerKey(variable),
      async (folder, { context, idle_s, loaded, parallel, threads }, silenceMs) => {
        const { createLlama } = await import('../engines/llm/llama/llama.ts')
        return createLlama({
          folder,
          libraries: [resolve('.'), join(config.dataDir, 'llama')],
          contextTokens: context,
          parallel,
          loaded,
          threads,
          idleMs: idle_s * 1_000,
          silenceMs,
          clock,
          ids,
        })
      },
    ),
    books: {
      db: database.kysely.withTables<LlmTables>(),
      ids,
      events,
      folder: join(config.dataDir, 'llm-proxy'),
    },
    clock,
    failed: (failure) => logger.error({ err: failure }, 'work of the language models’ door failed'),
  })
  return proxy
}
