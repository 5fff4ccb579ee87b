import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  choice,
  Fault,
  host,
  longSecret,
  networks,
  order,
  prices,
  text,
  url,
  type Variable,
  whole,
} from './config.values.ts'
import { Secret } from './kernel/secret.ts'

export const SERVICES = [
  'auth',
  'city',
  'agents',
  'llm-proxy',
  'router',
  'router-v1',
  'router-v2',
  'multimodal-gateway',
  'knowledge',
] as const
export type ServiceName = (typeof SERVICES)[number]

/** Engines that may live on a node of their own. */
export const ENGINE_NODES = ['stt', 'tts', 'ocr', 'vision', 'parser', 'search', 'reader', 'rerank'] as const
export type EngineNode = (typeof ENGINE_NODES)[number]

export interface Config {
  readonly host: string
  readonly port: number
  readonly publicUrl: string
  readonly cityName: string
  readonly space: string
  readonly dataDir: string
  readonly modelsDir: string
  readonly modelsMirror: string | null
  /** Empty on a node of engines alone. */
  readonly run: readonly ServiceName[]
  /** The engines of a node that runs nothing else; empty elsewhere. */
  readonly runEngines: readonly EngineNode[]
  readonly peers: Readonly<Partial<Record<ServiceName, string>>>
  readonly enginePeers: Readonly<Partial<Record<EngineNode, string>>>
  /** The drivers of an engine in the order they are tried; the usual order where nothing is said. */
  readonly engineOrder: Readonly<Partial<Record<EngineNode, readonly string[]>>>
  readonly logLevel: string
  readonly trustProxy: string | false
  readonly maxUploadBytes: number
  readonly quotaBytes: number
  readonly roomQuotaBytes: number
  readonly postsPerMinute: number
  readonly maxPixels: number
  readonly maxAudioSeconds: number
  readonly maxPages: number
  readonly llm: { readonly url: string; readonly model: string } | null
  /** Files that the operator writes; they are read again when they change. */
  readonly modelsFile: string
  readonly mcpFile: string
  readonly routerRules: { readonly v1: string; readonly v2: string }
  /** Which Whisper hears on this machine, and how many recordings at once. */
  readonly whisper: { readonly model: string; readonly workers: number }
  readonly stt: { readonly url: string; readonly model: string } | null
  readonly tts: { readonly url: string; readonly model: string; readonly voice: string } | null
  /** How long the gateway keeps results and jobs, and how much of results. */
  readonly gateway: {
    readonly cacheMs: number
    readonly cacheBytes: number
    readonly jobKeepMs: number
    readonly vectorsEach: number
  }
  /** US dollars for 1,000 units, by kind of engine and who is paid: `search.brave`. */
  readonly enginePrices: Readonly<Record<string, number>>
  /** Where vectors of programs are kept: in the city's own database where there is no other place. */
  readonly qdrant: { readonly url: string } | null
  /** Null where the city does not look into the internet. */
  readonly webSearch: { readonly url: string; readonly searxng: string | null } | null
  readonly docling: { readonly url: string } | null
  readonly rerank: { readonly url: string; readonly model: string } | null
  readonly vision: { readonly url: string; readonly model: string } | null
  readonly embeddings: {
    readonly url: string
    readonly model: string
    readonly dimensions: number
    /** Whether the server is asked for so many numbers, or gives them by itself. */
    readonly shorten: boolean
  } | null
  /** Whether addresses in messages are opened to show what they are. */
  readonly linkPreviews: boolean
  readonly ownerEmail: string | null
  readonly signUp: 'invitation' | 'open'
  /** Whom letters are from. */
  readonly mailFrom: string
  readonly secrets: Secrets
}

/** Kept apart, so that a configuration can be shown. */
export interface Secrets {
  /** Signs sessions and service tokens; null: the city makes one and keeps it in its data folder. */
  readonly city: Secret | null
  readonly databaseUrl: Secret | null
  readonly natsUrl: Secret | null
  readonly redisUrl: Secret | null
  readonly llmKey: Secret | null
  /** The key in a variable that the file of models names; null where it holds none, and for names that end otherwise than with `_KEY`. */
  providerKey(variable: string): Secret | null
  readonly sttKey: Secret | null
  readonly ttsKey: Secret | null
  readonly doclingKey: Secret | null
  readonly rerankKey: Secret | null
  readonly visionKey: Secret | null
  readonly embeddingsKey: Secret | null
  readonly qdrantKey: Secret | null
  readonly braveKey: Secret | null
  readonly tavilyKey: Secret | null
  readonly ownerPassword: Secret | null
  /** Null: the city sends no letters. */
  readonly smtpUrl: Secret | null
}

const runList: Variable<{
  readonly services: readonly ServiceName[]
  readonly engines: readonly EngineNode[]
}> = {
  about:
    'Which services run in this process, by comma. Less than all of them needs DATABASE_URL, NATS_URL and CITY_SECRET. Engines alone (such as `stt,ocr`) make a node that serves their routes to the city’s other nodes, and need CITY_SECRET.',
  fallback: 'all',
  read(value) {
    if (value === 'all') return { services: SERVICES, engines: [] }
    const names = value.split(',').map((name) => name.trim())
    const wrong = names.filter((name) => !isService(name) && !isEngine(name))
    if (wrong.length > 0)
      throw new Fault(
        `knows no service ${wrong.join(', ')}; there are ${SERVICES.join(', ')}, and the engines ${ENGINE_NODES.join(', ')}`,
      )
    const services = SERVICES.filter((name) => names.includes(name))
    const engines = ENGINE_NODES.filter((name) => names.includes(name))
    if (services.length > 0 && engines.length > 0)
      throw new Fault(
        `names services and engines; ${engines.join(', ')} run by themselves, or within multimodal-gateway`,
      )
    return { services, engines }
  },
}

const isService = (name: string): name is ServiceName => SERVICES.some((service) => service === name)
const isEngine = (name: string): name is EngineNode => ENGINE_NODES.some((engine) => engine === name)

/** Every variable the city reads, in the order of the documentation. Each service has a `PEER_<SERVICE>` besides. */
export const VARIABLES = {
  HOST: host('The address to listen on.', '127.0.0.1'),
  PORT: whole('The port to listen on; 0 takes a free one.', 7400, 0, 65535),
  PUBLIC_URL: url('Where browsers reach the city.', 'http://HOST:PORT', 'http', 'https'),
  CITY_NAME: text('The name on the city’s sign.', 'DAARION'),
  DATA_DIR: text('Where an embedded city keeps everything; files of any city.', './data'),
  DATABASE_URL: url(
    'A PostgreSQL with pgvector. Without it the embedded PGlite is used.',
    '',
    'postgres',
    'postgresql',
  ),
  NATS_URL: url('NATS with JetStream, for several processes.', '', 'nats', 'tls'),
  REDIS_URL: url('Redis, for several processes.', '', 'redis', 'rediss'),
  CITY_SPACE: {
    about: 'Begins the names of streams, subjects and keys, where several cities share a NATS or a Redis.',
    fallback: 'daarion',
    read(value: string) {
      if (!/^[a-z][a-z0-9_]{0,30}$/.test(value))
        throw new Fault('must be lower-case letters, digits and underscores')
      return value
    },
  },
  RUN: runList,
  CITY_SECRET: longSecret,
  MODELS_DIR: text('Where local models lie.', 'DATA_DIR/models'),
  MODELS_MIRROR: text('A folder or an address to fetch models from first.', ''),
  MODELS_FILE: text(
    'The providers and models of the LLM proxy; read again when it changes.',
    './config/models.yaml',
  ),
  MCP_FILE: text(
    'The servers of tools (MCP) that agents may use; read again when it changes.',
    './config/mcp.yaml',
  ),
  ROUTER_V1_RULES: text('The rules of Router v1; read again when they change.', './config/router-v1.yaml'),
  ROUTER_V2_RULES: text('The rules of Router v2; read again when they change.', './config/router-v2.yaml'),
  LLM_URL: url('Any OpenAI-compatible base URL, such as http://127.0.0.1:11434/v1.', '', 'http', 'https'),
  LLM_KEY: text('Its key.', ''),
  LLM_MODEL: text('The model to ask for; needed with LLM_URL.', ''),
  WHISPER_MODEL: choice(
    'Which Whisper hears on this machine: a larger one hears better and slower. Fetch it with `npm run models -- pull <name>`.',
    'whisper-base',
    ['whisper-tiny', 'whisper-base', 'whisper-small'],
  ),
  WHISPER_WORKERS: whole('Recordings transcribed at once, each in a process of 650 MB and more.', 1, 1, 16),
  STT_URL: url('An OpenAI-compatible base URL that hears, tried after the local model.', '', 'http', 'https'),
  STT_KEY: text('Its key.', ''),
  STT_MODEL: text('Its model.', 'whisper-1'),
  TTS_URL: url(
    'An OpenAI-compatible base URL that speaks, tried before the local voice.',
    '',
    'http',
    'https',
  ),
  TTS_KEY: text('Its key.', ''),
  TTS_MODEL: text('Its model.', 'tts-1'),
  TTS_VOICE: text('Its voice where nobody names one.', 'alloy'),
  STT_ENGINES: order('hearing', 'peer,whisper,openai'),
  TTS_ENGINES: order('speaking', 'peer,openai,espeak'),
  OCR_ENGINES: order('reading pictures', 'peer,tesseract,ppocr,openai'),
  VISION_URL: url(
    'An OpenAI-compatible base URL with a model that sees. Photos are sent to it.',
    '',
    'http',
    'https',
  ),
  VISION_KEY: text('Its key.', ''),
  VISION_MODEL: text('Its model; needed with VISION_URL.', ''),
  VISION_ENGINES: order('seeing', 'peer,openai,local'),
  PARSER_ENGINES: order('opening documents', 'peer,docling,local'),
  DOCLING_URL: url(
    'A base URL of docling-serve, tried before the parser of this machine for the kinds it reads.',
    '',
    'http',
    'https',
  ),
  DOCLING_KEY: text('Its key.', ''),
  SEARCH_ENGINES: order(
    'searching the internet; several that are no peer answer as one,',
    'peer,searxng,brave,tavily,wikipedia',
  ),
  READER_ENGINES: order('reading pages', 'peer,page'),
  RERANK_ENGINES: order('ranking texts', 'peer,http,lexical'),
  RERANK_URL: url(
    'A base URL with `/rerank` in the shape of Jina and Cohere, tried before ranking by words.',
    '',
    'http',
    'https',
  ),
  RERANK_KEY: text('Its key.', ''),
  RERANK_MODEL: text('Its model; needed with RERANK_URL.', ''),
  EMBEDDINGS_URL: url(
    'An OpenAI-compatible base URL that embeds texts, used instead of the local model. What was embedded otherwise is embedded anew, without a gap.',
    '',
    'http',
    'https',
  ),
  EMBEDDINGS_KEY: text('Its key.', ''),
  EMBEDDINGS_MODEL: text('Its model; needed with EMBEDDINGS_URL.', ''),
  EMBEDDINGS_DIMENSIONS: whole(
    'How many numbers it gives a text. Set, the server is asked for so many (OpenAI’s `dimensions`); unset, the model must give 384 by itself.',
    384,
    1,
    384,
  ),
  MULTIMODAL_CACHE_DAYS: whole('How long results of engines are kept.', 30, 1, 3650),
  MULTIMODAL_CACHE_MB: whole('What kept results may take together, in megabytes.', 1024, 1, 1_000_000),
  MULTIMODAL_JOB_HOURS: whole('How long a job and its result are kept after its end.', 24, 1, 8760),
  ENGINE_PRICES: prices(
    'What engines on the internet cost, for the ledger of language models: US dollars for 1,000 units (seconds heard, characters spoken, searches, tokens of the others), such as stt.openai=0.1,tts.openai=0.015,search.brave=5,embeddings.openai=0.00002,vision.openai=0.001. What is not named counts as free.',
  ),
  VECTORS: choice(
    'Where the collections of vectors lie that programs keep here; the vectors of documents and messages are in the city’s database in any case.',
    'qdrant with QDRANT_URL, else pgvector',
    ['pgvector', 'qdrant'],
  ),
  QDRANT_URL: url('A Qdrant server, 1.16 or newer, such as http://127.0.0.1:6333.', '', 'http', 'https'),
  QDRANT_KEY: text('Its key.', ''),
  VECTORS_EACH: whole('How many points one resident’s collections hold together.', 100_000, 1, 100_000_000),
  WEB_SEARCH: choice(
    'What `/search …` and the search page ask on the internet; the query leaves the city.',
    'wikipedia',
    ['wikipedia', 'off'],
  ),
  WEB_SEARCH_URL: url(
    'A MediaWiki of your own instead of Wikipedia, with LANG where uk or en goes; it may be internal.',
    'https://LANG.wikipedia.org',
    'http',
    'https',
  ),
  SEARXNG_URL: url(
    'A SearXNG of your own to search with; it may be internal, and must allow `format: json`.',
    '',
    'http',
    'https',
  ),
  BRAVE_KEY: text('A key of Brave’s search API, to search with it.', ''),
  TAVILY_KEY: text('A key of Tavily’s API, to search with it.', ''),
  LINK_PREVIEWS: choice(
    'Whether the city opens addresses in messages to show their titles. Whoever keeps such a page then sees that somebody here shared it, so it is off unless you say otherwise.',
    'off',
    ['on', 'off'],
  ),
  OWNER_EMAIL: text(
    'Makes the owner’s account at the first start, unattended; ignored once there is an owner.',
    '',
  ),
  OWNER_PASSWORD: text('The owner’s password, at least 10 characters.', ''),
  OWNER_PASSWORD_FILE: text('A file that holds the password instead.', ''),
  SIGN_UP: choice(
    'How people come in: by invitation, or by asking at the door. Who asks proves their address where there is mail, and waits for an admin where there is none.',
    'invitation',
    ['invitation', 'open'],
  ),
  SMTP_URL: url(
    'The mail server, such as smtps://name:password@mail.example. Without it no letters are sent, and admins hand over the links.',
    '',
    'smtp',
    'smtps',
  ),
  MAIL_FROM: text('Whom letters are from, such as Nadrichchia <city@example.org>; needed with SMTP_URL.', ''),
  MAX_UPLOAD_MB: whole('The largest file, in megabytes (of a million bytes).', 25, 1, 2048),
  QUOTA_MB: whole(
    'What one person’s files may take together, in megabytes (of a million bytes).',
    5000,
    1,
    10_000_000,
  ),
  ROOM_QUOTA_MB: whole(
    'What the files posted in one room may take together, in megabytes (of a million bytes).',
    20_000,
    1,
    10_000_000,
  ),
  POSTS_PER_MINUTE: whole('How many messages one person may post within a minute.', 600, 1, 1_000_000),
  MAX_MEGAPIXELS: whole('The largest image.', 100, 1, 1000),
  MAX_AUDIO_MINUTES: whole('The longest recording.', 60, 1, 600),
  MAX_PAGES: whole('The longest document.', 500, 1, 10_000),
  TRUST_PROXY: networks(
    'Addresses of the proxies in front, by comma; their X-Forwarded-For is believed.',
    '',
  ),
  LOG_LEVEL: choice('How much is written.', 'info', ['fatal', 'error', 'warn', 'info', 'debug', 'silent']),
} as const satisfies Record<string, Variable>

/** All faults of an environment at once, a line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(['The configuration cannot be used:', ...faults.map((fault) => `  ${fault}`)].join('\n'))
    this.faults = faults
  }
}

/** Reads the environment. Throws a `ConfigError` that names every fault, with what would be right. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const faults: string[] = []
  const fault = (line: string) => faults.push(line)
  const get = <T>(name: keyof typeof VARIABLES, variable: Variable<T>): T | null => {
    const value = env[name]
    if (value === undefined || value === '') return null
    try {
      return variable.read(value)
    } catch (error) {
      fault(`${name} ${error instanceof Fault ? error.message : 'cannot be read'}`)
      return null
    }
  }
  const V = VARIABLES
  const secret = (name: keyof typeof VARIABLES, variable: Variable<string>) => {
    const value = get(name, variable)
    return value === null ? null : new Secret(value)
  }

  const { engines: runEngines, services: run } = get('RUN', V.RUN) ?? { services: SERVICES, engines: [] }
  const listenOn = get('HOST', V.HOST) ?? '127.0.0.1'
  const port = get('PORT', V.PORT) ?? 7400
  const dataDir = resolve(get('DATA_DIR', V.DATA_DIR) ?? './data')
  const secrets: Secrets = {
    city: secret('CITY_SECRET', V.CITY_SECRET),
    databaseUrl: secret('DATABASE_URL', V.DATABASE_URL),
    natsUrl: secret('NATS_URL', V.NATS_URL),
    redisUrl: secret('REDIS_URL', V.REDIS_URL),
    llmKey: secret('LLM_KEY', V.LLM_KEY),
    providerKey(variable) {
      const value = /^[A-Z][A-Z0-9_]*_KEY$/.test(variable) ? env[variable] : undefined
      return value ? new Secret(value) : null
    },
    sttKey: secret('STT_KEY', V.STT_KEY),
    ttsKey: secret('TTS_KEY', V.TTS_KEY),
    doclingKey: secret('DOCLING_KEY', V.DOCLING_KEY),
    rerankKey: secret('RERANK_KEY', V.RERANK_KEY),
    visionKey: secret('VISION_KEY', V.VISION_KEY),
    embeddingsKey: secret('EMBEDDINGS_KEY', V.EMBEDDINGS_KEY),
    qdrantKey: secret('QDRANT_KEY', V.QDRANT_KEY),
    braveKey: secret('BRAVE_KEY', V.BRAVE_KEY),
    tavilyKey: secret('TAVILY_KEY', V.TAVILY_KEY),
    ownerPassword: ownerPassword(env, fault),
    smtpUrl: secret('SMTP_URL', V.SMTP_URL),
  }
  if (runEngines.length > 0 && !secrets.city) fault('CITY_SECRET is needed where RUN is engines alone')
  if (runEngines.length === 0 && run.length < SERVICES.length)
    for (const [name, value] of [
      ['DATABASE_URL', secrets.databaseUrl],
      ['NATS_URL', secrets.natsUrl],
      ['CITY_SECRET', secrets.city],
    ] as const)
      if (!value) fault(`${name} is needed where RUN is less than everything`)

  const llmUrl = get('LLM_URL', V.LLM_URL)
  const llmModel = get('LLM_MODEL', V.LLM_MODEL)
  if (llmUrl && !llmModel) fault('LLM_MODEL is needed with LLM_URL')
  if (llmModel && !env.LLM_URL) fault('LLM_URL is needed with LLM_MODEL')
  const sttUrl = get('STT_URL', V.STT_URL)
  const ttsUrl = get('TTS_URL', V.TTS_URL)
  const doclingUrl = get('DOCLING_URL', V.DOCLING_URL)
  const rerankUrl = get('RERANK_URL', V.RERANK_URL)
  const rerankModel = get('RERANK_MODEL', V.RERANK_MODEL)
  if (rerankUrl && !rerankModel) fault('RERANK_MODEL is needed with RERANK_URL')
  const visionUrl = get('VISION_URL', V.VISION_URL)
  const visionModel = get('VISION_MODEL', V.VISION_MODEL)
  if (visionUrl && !visionModel) fault('VISION_MODEL is needed with VISION_URL')
  const dimensions = get('EMBEDDINGS_DIMENSIONS', V.EMBEDDINGS_DIMENSIONS) ?? 384
  const embeddingsUrl = get('EMBEDDINGS_URL', V.EMBEDDINGS_URL)
  const embeddingsModel = get('EMBEDDINGS_MODEL', V.EMBEDDINGS_MODEL)
  if (embeddingsUrl && !embeddingsModel) fault('EMBEDDINGS_MODEL is needed with EMBEDDINGS_URL')
  const qdrantUrl = get('QDRANT_URL', V.QDRANT_URL)
  const vectors = get('VECTORS', V.VECTORS) ?? (qdrantUrl ? 'qdrant' : 'pgvector')
  if (vectors === 'qdrant' && !qdrantUrl) fault('QDRANT_URL is needed with VECTORS=qdrant')
  const ownerEmail = get('OWNER_EMAIL', V.OWNER_EMAIL)
  if (ownerEmail && !/^\S+@\S+\.\S+$/.test(ownerEmail)) fault('OWNER_EMAIL must be an e-mail address')
  if (ownerEmail && !secrets.ownerPassword)
    fault('OWNER_PASSWORD or OWNER_PASSWORD_FILE is needed with OWNER_EMAIL')
  if (!ownerEmail && secrets.ownerPassword)
    fault('OWNER_EMAIL is needed with OWNER_PASSWORD or OWNER_PASSWORD_FILE')

  const mailFrom = get('MAIL_FROM', V.MAIL_FROM)
  if ((env.SMTP_URL || mailFrom) && !/^[^\r\n]*\S+@\S+$/.test(mailFrom ?? ''))
    fault('MAIL_FROM must be an e-mail address; it is needed with SMTP_URL')

  const config: Config = {
    host: listenOn,
    port,
    publicUrl: (
      get('PUBLIC_URL', V.PUBLIC_URL) ??
      `http://${listenOn.includes(':') ? `[${listenOn}]` : listenOn}:${port}`
    ).replace(/\/$/, ''),
    cityName: get('CITY_NAME', V.CITY_NAME) ?? 'DAARION',
    space: get('CITY_SPACE', V.CITY_SPACE) ?? 'daarion',
    dataDir,
    modelsDir: resolve(get('MODELS_DIR', V.MODELS_DIR) ?? join(dataDir, 'models')),
    modelsMirror: get('MODELS_MIRROR', V.MODELS_MIRROR),
    run,
    runEngines,
    ...readPeers(env, run, runEngines, fault),
    engineOrder: Object.fromEntries(
      ENGINE_NODES.flatMap((engine) => {
        const name = `${engine.toUpperCase() as Uppercase<EngineNode>}_ENGINES` as const
        const names = get(name, V[name])
        return names ? [[engine, names]] : []
      }),
    ),
    logLevel: get('LOG_LEVEL', V.LOG_LEVEL) ?? 'info',
    trustProxy: get('TRUST_PROXY', V.TRUST_PROXY) ?? false,
    maxUploadBytes: (get('MAX_UPLOAD_MB', V.MAX_UPLOAD_MB) ?? 25) * MEGABYTE,
    roomQuotaBytes: (get('ROOM_QUOTA_MB', V.ROOM_QUOTA_MB) ?? 20_000) * MEGABYTE,
    quotaBytes: (get('QUOTA_MB', V.QUOTA_MB) ?? 5000) * MEGABYTE,
    postsPerMinute: get('POSTS_PER_MINUTE', V.POSTS_PER_MINUTE) ?? 600,
    maxPixels: (get('MAX_MEGAPIXELS', V.MAX_MEGAPIXELS) ?? 100) * 1_000_000,
    maxAudioSeconds: (get('MAX_AUDIO_MINUTES', V.MAX_AUDIO_MINUTES) ?? 60) * 60,
    maxPages: get('MAX_PAGES', V.MAX_PAGES) ?? 500,
    modelsFile: resolve(get('MODELS_FILE', V.MODELS_FILE) ?? './config/models.yaml'),
    mcpFile: resolve(get('MCP_FILE', V.MCP_FILE) ?? './config/mcp.yaml'),
    routerRules: {
      v1: resolve(get('ROUTER_V1_RULES', V.ROUTER_V1_RULES) ?? './config/router-v1.yaml'),
      v2: resolve(get('ROUTER_V2_RULES', V.ROUTER_V2_RULES) ?? './config/router-v2.yaml'),
    },
    llm: llmUrl && llmModel ? { url: llmUrl, model: llmModel } : null,
    whisper: {
      model: get('WHISPER_MODEL', V.WHISPER_MODEL) ?? 'whisper-base',
      workers: get('WHISPER_WORKERS', V.WHISPER_WORKERS) ?? 1,
    },
    stt: sttUrl ? { url: sttUrl, model: get('STT_MODEL', V.STT_MODEL) ?? 'whisper-1' } : null,
    tts: ttsUrl
      ? {
          url: ttsUrl,
          model: get('TTS_MODEL', V.TTS_MODEL) ?? 'tts-1',
          voice: get('TTS_VOICE', V.TTS_VOICE) ?? 'alloy',
        }
      : null,
    gateway: {
      cacheMs: (get('MULTIMODAL_CACHE_DAYS', V.MULTIMODAL_CACHE_DAYS) ?? 30) * 86_400_000,
      cacheBytes: (get('MULTIMODAL_CACHE_MB', V.MULTIMODAL_CACHE_MB) ?? 1024) * 1024 * 1024,
      jobKeepMs: (get('MULTIMODAL_JOB_HOURS', V.MULTIMODAL_JOB_HOURS) ?? 24) * 3_600_000,
      vectorsEach: get('VECTORS_EACH', V.VECTORS_EACH) ?? 100_000,
    },
    enginePrices: get('ENGINE_PRICES', V.ENGINE_PRICES) ?? {},
    qdrant: vectors === 'qdrant' && qdrantUrl ? { url: qdrantUrl } : null,
    webSearch:
      (get('WEB_SEARCH', V.WEB_SEARCH) ?? 'wikipedia') === 'off'
        ? null
        : {
            url: get('WEB_SEARCH_URL', V.WEB_SEARCH_URL) ?? 'https://LANG.wikipedia.org',
            searxng: get('SEARXNG_URL', V.SEARXNG_URL),
          },
    docling: doclingUrl ? { url: doclingUrl } : null,
    vision: visionUrl && visionModel ? { url: visionUrl, model: visionModel } : null,
    rerank: rerankUrl && rerankModel ? { url: rerankUrl, model: rerankModel } : null,
    embeddings:
      embeddingsUrl && embeddingsModel
        ? {
            url: embeddingsUrl,
            model: embeddingsModel,
            dimensions,
            shorten: Boolean(env.EMBEDDINGS_DIMENSIONS),
          }
        : null,
    linkPreviews: get('LINK_PREVIEWS', V.LINK_PREVIEWS) === 'on',
    ownerEmail,
    signUp: get('SIGN_UP', V.SIGN_UP) === 'open' ? 'open' : 'invitation',
    mailFrom: mailFrom ?? '',
    secrets,
  }
  if (faults.length > 0) throw new ConfigError(faults)
  return config
}

export const peerVariable = (name: ServiceName | EngineNode): string =>
  `PEER_${name.toUpperCase().replaceAll('-', '_')}`

function readPeers(
  env: Readonly<Record<string, string | undefined>>,
  run: readonly ServiceName[],
  runEngines: readonly EngineNode[],
  fault: (line: string) => void,
): Pick<Config, 'peers' | 'enginePeers'> {
  const read = <N extends ServiceName | EngineNode>(names: readonly N[], here: readonly string[]) => {
    const peers: Partial<Record<N, string>> = {}
    for (const one of names) {
      const name = peerVariable(one)
      const value = env[name]
      if (!value) continue
      if (!/^https?:\/\//.test(value) || !URL.canParse(value))
        fault(`${name} must be an address that begins with http:// or https://`)
      else if (here.includes(one)) fault(`${name} is given, but RUN runs ${one} in this process`)
      else peers[one] = value
    }
    return peers
  }
  const known = new Set([...SERVICES, ...ENGINE_NODES].map(peerVariable))
  for (const name of Object.keys(env))
    if (name.startsWith('PEER_') && !known.has(name))
      fault(`${name} names no service or engine; there are ${[...known].join(', ')}`)
  return { peers: read(SERVICES, run), enginePeers: read(ENGINE_NODES, runEngines) }
}

/** What settings call a megabyte, as pages do. */
const MEGABYTE = 1_000_000
const MIN_PASSWORD = 10

function ownerPassword(
  env: Readonly<Record<string, string | undefined>>,
  fault: (line: string) => void,
): Secret | null {
  const { OWNER_PASSWORD: given, OWNER_PASSWORD_FILE: file } = env
  if (given && file) fault('OWNER_PASSWORD and OWNER_PASSWORD_FILE are both given; one is enough')
  const password = given || (file ? readPassword(file, fault) : null)
  if (!password) return null
  if (password.length < MIN_PASSWORD)
    fault(`${given ? 'OWNER_PASSWORD' : 'OWNER_PASSWORD_FILE'} must hold at least ${MIN_PASSWORD} characters`)
  return new Secret(password)
}

function readPassword(file: string, fault: (line: string) => void): string | null {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch {
    fault('OWNER_PASSWORD_FILE names a file that cannot be read')
    return null
  }
}
