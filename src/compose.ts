import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import { ears, hasModel } from './compose/agents-senses.ts'
import { apiDocument } from './compose/api-document.ts'
import { createAuthenticate } from './compose/authenticate.ts'
import { createEngines } from './compose/engines.ts'
import { firstParser } from './compose/first-parser.ts'
import { openLlmProxy } from './compose/open-llm-proxy.ts'
import { openPublic } from './compose/open-public.ts'
import { outsideServers } from './compose/outside-servers.ts'
import { createPeers } from './compose/peers.ts'
import { type Means, openPlatform, type Platform } from './compose/platform.ts'
import { checkReadiness } from './compose/readiness.ts'
import { remoteArtefacts } from './compose/remote-artefacts.ts'
import { remoteLlm } from './compose/remote-llm.ts'
import { remoteRoute } from './compose/remote-route.ts'
import { vectorsOf } from './compose/vectors-of.ts'
import type { Config, ServiceName } from './config.ts'
import type { Contract } from './kernel/contract.ts'
import { deadline } from './kernel/deadline.ts'
import type { Principal } from './kernel/principal.ts'
import type { Scope } from './kernel/scope.ts'
import type { Secret } from './kernel/secret.ts'
import { migrateUp } from './platform/database/migrate.ts'
import { watchOutage } from './platform/events/outage.ts'
import { openDisk } from './platform/files/disk.ts'
import type { Files } from './platform/files/files.ts'
import { createAdminSocket } from './platform/http/admin-socket.ts'
import { serveDocs } from './platform/http/docs.ts'
import { serveHealth } from './platform/http/health.ts'
import { createHttp } from './platform/http/http.ts'
import { serve } from './platform/http/serve.ts'
import type { Authenticate, Service } from './platform/http/service.ts'
import { createServiceTokens } from './platform/http/token.ts'
import { serveWeb } from './platform/http/web.ts'
import { createAgents } from './services/agents/agents.ts'
import { createAuth } from './services/auth/auth.ts'
import type { CityTables } from './services/city/city.tables.ts'
import { createCity } from './services/city/city.ts'
import { createKnowledge } from './services/knowledge/knowledge.ts'
import { createMultimodalGateway } from './services/multimodal-gateway/multimodal-gateway.ts'
import { createRouter } from './services/router/router.ts'
import { createRouterV1 } from './services/router-v1/router-v1.ts'
import { createRouterV2 } from './services/router-v2/router-v2.ts'

const VERSION = '0.1.0'
/** On whose behalf the city asks what it must know itself. */
const ITSELF: Principal = { id: 'city', kind: 'service', name: 'city', role: 'resident' }
const WEB = fileURLToPath(new URL('../web/dist/', import.meta.url))

/** A composed city, not yet listening. */
export interface City {
  readonly app: FastifyInstance
  readonly platform: Platform
  /** Listens on the configured address and on the operator's socket; says where. */
  listen(): Promise<string>
  /** What opens `/welcome#…` while the city has no owner. */
  welcomeToken(): Promise<Secret | null>
}

/** The whole architecture, top to bottom. A service not run here is reached at its peer through the same contract. The scope closes what is opened, last first. */
export async function compose(config: Config, means: Means, scope: Scope): Promise<City> {
  const platform = await openPlatform(config, means, scope)
  const { database, events, kv, files, metrics, secret, clock, ids, logger } = platform
  // Its tables are made while the rest is put together, which asks nothing of them; whether they were is seen at the end.
  const migrating = migrateUp(database)
  migrating.catch(() => undefined)
  const db = database.kysely
  const { publicUrl } = config
  const limits = {
    maxBytes: config.maxUploadBytes,
    maxPixels: config.maxPixels,
    maxSeconds: config.maxAudioSeconds,
    maxPages: config.maxPages,
  }
  const tokens = createServiceTokens(secret)
  const engines = await createEngines(config, means, async () => ({
    authorization: `Service ${await tokens.sign({ service: 'multimodal-gateway', principal: ITSELF })}`,
  }))
  scope.defer(() => engines.close())
  const parser = firstParser(engines.parser, clock)
  const peers = createPeers(config, tokens)
  const runs = (name: ServiceName) => config.run.includes(name)
  const present = (name: ServiceName) => runs(name) || config.peers[name] !== undefined

  // Who somebody is.
  const owner = config.ownerEmail &&
    config.secrets.ownerPassword && { email: config.ownerEmail, password: config.secrets.ownerPassword }
  const auth = runs('auth')
    ? createAuth({
        database: db,
        events,
        clock,
        ids,
        secret,
        publicUrl,
        cityName: config.cityName,
        signUp: config.signUp,
        mail: platform.mail,
        ...(owner && { owner }),
      })
    : undefined
  if (auth) peers.run('auth', auth)

  const cityDb = db.withTables<CityTables>()
  // Rooms and what is said in them. City needs nobody but auth; agents and engines reach it by events.
  if (runs('city'))
    peers.run(
      'city',
      createCity({
        db: cityDb,
        events,
        files,
        kv,
        media: engines.media,
        auth: peers.need('auth', 'city'),
        account: peers.need('auth', 'city'),
        agents: async () =>
          (await peers.find('agents', 'city')?.agents({}, { principal: ITSELF }))?.items ?? [],
        embeddings: engines.embeddings,
        allEmbeddings: engines.allEmbeddings,
        webSearch: engines.search,
        ...(config.linkPreviews && { openLink: openPublic }),
        push: { secret, send: openPublic, contact: contactOf(publicUrl, config.mailFrom) },
        knowledge: () => peers.find('knowledge', 'city'),
        capabilities: {
          audio: present('multimodal-gateway'),
          image: present('multimodal-gateway'),
          file: present('knowledge'),
        },
        clock,
        ids,
        uploads: join(config.dataDir, 'uploads'),
        limits: {
          maxUploadBytes: config.maxUploadBytes,
          quotaBytes: config.quotaBytes,
          roomQuotaBytes: config.roomQuotaBytes,
          postsPerMinute: config.postsPerMinute,
        },
        publicUrl,
        failed: (failure) => logger.error({ err: failure }, 'work of the city failed'),
      }),
    )

  // The language models.
  const llmProxy = runs('llm-proxy') ? await openLlmProxy(config, platform, engines, scope) : undefined
  if (llmProxy) peers.run('llm-proxy', llmProxy)

  // What hears, sees and reads.
  const gateway = runs('multimodal-gateway')
    ? createMultimodalGateway({
        db: database,
        events,
        files,
        jobFiles: await openOwnFiles(config.dataDir, 'multimodal', scope),
        engines: {
          ...engines,
          embeddings: engines.allEmbeddings,
          vectors: [await vectorsOf(config, database)],
        },
        media: engines.media,
        models: engines.models,
        city: () => peers.find('city', 'multimodal-gateway'),
        purse: () => peers.find('llm-proxy', 'multimodal-gateway'),
        prices: config.enginePrices,
        open: openPublic,
        secret,
        clock,
        ids,
        limits: { ...limits, ...config.gateway },
        metrics,
      })
    : undefined
  if (gateway) peers.run('multimodal-gateway', gateway)
  if (runs('knowledge'))
    peers.run(
      'knowledge',
      createKnowledge({
        db: database,
        events,
        files,
        parser,
        ocr: engines.ocr,
        embeddings: engines.embeddings,
        olderEmbeddings: engines.allEmbeddings,
        rerank: engines.rerank,
        reader: engines.reader,
        openLink: openPublic,
        own: await openOwnFiles(config.dataDir, 'knowledge', scope),
        llm: llmProxy ?? (peers.remote('llm-proxy', 'knowledge') && remoteLlm(peers, 'knowledge')),
        limits: { maxUploadBytes: config.maxUploadBytes, quotaBytes: config.quotaBytes },
        city: peers.need('city', 'knowledge'),
        clock,
        ids,
      }),
    )

  // Who answers.
  if (runs('agents'))
    peers.run(
      'agents',
      createAgents({
        db,
        events,
        auth: peers.need('auth', 'agents'),
        people: peers.need('auth', 'agents'),
        documents: peers.find('knowledge', 'agents'),
        llm: llmProxy ?? remoteLlm(peers, 'agents'),
        knowledge: peers.find('knowledge', 'agents'),
        city: peers.find('city', 'agents'),
        gateway: () => peers.find('multimodal-gateway', 'agents'),
        ...ears(peers, files, gateway?.artefacts ?? remoteArtefacts(peers, 'agents')),
        hasModel: hasModel(peers, ITSELF),
        outside: await outsideServers(config, platform, scope),
        clock,
        ids,
        logger,
      }),
    )

  // How a request finds its agent.
  if (runs('router-v1'))
    peers.run(
      'router-v1',
      createRouterV1({
        llm: llmProxy ?? remoteLlm(peers, 'router-v1'),
        models: peers.need('llm-proxy', 'router-v1'),
        agents: peers.find('agents', 'router-v1'),
        clock,
        rules: config.routerRules.v1,
        logger,
        metrics,
      }),
    )
  let routerV2: ReturnType<typeof createRouterV2> | undefined
  if (runs('router-v2')) {
    routerV2 = createRouterV2({
      db,
      agents: peers.need('agents', 'router-v2'),
      llm: llmProxy ?? remoteLlm(peers, 'router-v2'),
      models: peers.need('llm-proxy', 'router-v2'),
      stored: { files, city: () => peers.find('city', 'router-v2') },
      knowledge: () => peers.find('knowledge', 'router-v2'),
      web: () => peers.find('multimodal-gateway', 'router-v2'),
      rules: config.routerRules.v2,
      logger,
      artefacts: gateway
        ? {
            transcribe: gateway.artefacts.transcribe,
            read: gateway.artefacts.read,
            parse: gateway.artefacts.parse,
          }
        : remoteArtefacts(peers, 'router-v2'),
      city: peers.find('city', 'router-v2'),
      events,
      clock,
      ids,
      metrics,
      maxPartBytes: config.maxUploadBytes,
    })
    peers.run('router-v2', routerV2)
  }
  if (runs('router'))
    peers.run(
      'router',
      createRouter({
        db,
        events,
        auth: peers.need('auth', 'router'),
        routerV1: peers.find('router-v1', 'router'),
        routerV2: peers.find('router-v1', 'router')
          ? peers.find('router-v2', 'router')
          : peers.need('router-v2', 'router'),
        streamV2: routerV2
          ? (input, { timeoutMs, ...who }, emit) => {
              const signal = AbortSignal.any([who.signal, deadline(timeoutMs)])
              return routerV2.route(input, { ...who, signal, service: 'router' }, { emit })
            }
          : remoteRoute(peers, 'router'),
        maxPartBytes: config.maxUploadBytes,
        clock,
        ids,
        random: Math.random,
        failed: (failure) => logger.error({ err: failure }, 'a comparison of the routers failed'),
        metrics,
      }),
    )

  const app = await createHttp({
    logger,
    metrics,
    publicUrl,
    trustProxy: config.trustProxy,
    maxUploadBytes: config.maxUploadBytes,
  })
  const socket = createAdminSocket(app)
  const authenticate = createAuthenticate({
    auth: peers.need('auth', 'http'),
    tokens,
    bySocket: (request) => socket.owns(request),
    outage: watchOutage(events, clock),
  })
  const running = [...peers.running]
  for (const [, service] of running) mount(app, service, authenticate)
  serveHealth(app, {
    clock,
    metrics,
    services: running.map(([name]) => name),
    check: () => checkReadiness(platform, config, running),
  })
  serveDocs(app, () =>
    apiDocument(
      VERSION,
      running.map(([name]) => name),
    ),
  )
  await serveWeb(app, WEB)
  await migrating

  return {
    app,
    platform,
    welcomeToken: async () => (await auth?.welcomeToken()) ?? null,
    async listen() {
      scope.defer(() =>
        closeAll(
          app,
          socket,
          running.map(([, service]) => service),
        ),
      )
      for (const [, service] of running) await service.start?.()
      await events.start()
      if (runs('auth')) await socket.listen(join(config.dataDir, 'city.sock'))
      return await app.listen({ host: config.host, port: config.port })
    },
  }
}

/** The bytes of jobs lie apart from the city's: they go when the jobs do. */
async function openOwnFiles(dataDir: string, name: string, scope: Scope): Promise<Files> {
  const files = await openDisk({ folder: join(dataDir, name) })
  scope.defer(() => files[Symbol.asyncDispose]())
  return files
}

/** Where the maker of a push can be asked: the city's own address where the world can open it, else its mail. */
function contactOf(publicUrl: string, mailFrom: string): string {
  const address = /[^\s<>]+@[^\s<>]+/.exec(mailFrom)?.[0]
  if (address) return `mailto:${address}`
  return publicUrl.startsWith('https://') ? publicUrl : 'https://daarion.city'
}

function mount(app: FastifyInstance, service: Service<Contract>, authenticate: Authenticate): void {
  serve(app, service, authenticate)
  service.routes?.(app, authenticate)
}

async function closeAll(
  app: FastifyInstance,
  socket: { close(): Promise<void> },
  services: readonly Service<Contract>[],
): Promise<void> {
  for (const service of services) await service.stop?.()
  await Promise.all([socket.close(), app.close()])
}
