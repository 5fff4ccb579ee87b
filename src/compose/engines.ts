import { type Config, ConfigError, ENGINE_NODES, type EngineNode } from '../config.ts'
import { createE5 } from '../engines/embeddings/e5.ts'
import type { Embeddings } from '../engines/embeddings/embeddings.ts'
import { createNgrams } from '../engines/embeddings/ngrams.ts'
import { openAiEmbeddings } from '../engines/embeddings/openai.ts'
import { librarian } from '../engines/llm/librarian.ts'
import type { Llm } from '../engines/llm/llm.ts'
import { createLocalMedia } from '../engines/media/local.ts'
import type { Media } from '../engines/media/media.ts'
import { createModels, type Models } from '../engines/models/models.ts'
import { openAiOcr } from '../engines/ocr/openai.ts'
import { createPpocrOcr, PPOCR_MODEL } from '../engines/ocr/ppocr.ts'
import { createTesseractOcr } from '../engines/ocr/tesseract.ts'
import { createDocling } from '../engines/parser/docling.ts'
import { createLocalParser } from '../engines/parser/local.ts'
import type { Parser } from '../engines/parser/parser.ts'
import { httpRerank } from '../engines/rerank/http.ts'
import { lexicalRerank } from '../engines/rerank/lexical.ts'
import { openAiStt } from '../engines/stt/openai.ts'
import { createWhisper } from '../engines/stt/whisper.ts'
import { createEspeak } from '../engines/tts/espeak.ts'
import { openAiTts } from '../engines/tts/openai.ts'
import { createLocalVision } from '../engines/vision/local.ts'
import { openAiVision } from '../engines/vision/openai.ts'
import { mergedSearch } from '../engines/web-search/merged.ts'
import type { WebSearch } from '../engines/web-search/web-search.ts'
import type { PoolState } from '../engines/workers/pool.ts'
import type { EngineSet } from '../services/multimodal-gateway/engine-set.ts'
import type { NodeNeeds } from './engine-peer.ts'
import { readerOf, webSearchOf } from './internet-engines.ts'
import type { Means } from './platform.ts'
import { remoteEngines } from './remote-engines.ts'

/** What the city hears, speaks, sees, reads and answers with, each kind in the order its drivers are tried. Nothing is loaded before its first use. */
export interface Engines extends Omit<EngineSet, 'embeddings' | 'vectors'> {
  readonly media: Media
  readonly llm: readonly [Llm, ...Llm[]]
  readonly models: Models
  /** The best embedding that can work now. */
  embeddings(): Promise<Embeddings>
  readonly allEmbeddings: readonly Embeddings[]
  /** The child processes, for health and for tests. */
  pools(): readonly PoolState[]
  close(): Promise<void>
}

/** The drivers a configuration asks for. `authorize` says to other nodes who asks. */
export async function createEngines(
  config: Config,
  { clock, ids }: Means,
  authorize: NodeNeeds['authorize'],
): Promise<Engines> {
  const { maxPages, maxPixels, modelsDir, modelsMirror, secrets } = config
  const maxSeconds = config.maxAudioSeconds
  const { model, workers } = config.whisper
  const models = createModels({
    dir: modelsDir,
    clock,
    wanted: [model, ...(config.engineOrder.ocr?.includes('ppocr') ? [PPOCR_MODEL] : [])],
    ...(modelsMirror && { mirror: modelsMirror }),
  })
  const media = createLocalMedia({ clock, limits: { maxPages, maxPixels, maxSeconds } })
  const parser = createLocalParser({ clock, maxPages })
  const tesseract = createTesseractOcr({ clock, maxPixels })
  const ppocr = createPpocrOcr({ models, clock, maxPixels })
  const whisper = createWhisper({ models, clock, maxSeconds, model, size: workers })
  const e5 = createE5({ models, clock })
  const sight = createLocalVision({ models, clock, maxPixels })
  const ngrams = createNgrams()
  const pooled = [media, parser, tesseract, ppocr, whisper, e5, sight]
  const peer = <N extends EngineNode>(name: N): ReturnType<(typeof remoteEngines)[N]>[] => {
    const url = config.enginePeers[name]
    // Each entry of the table makes what its own name says.
    return url
      ? [remoteEngines[name]({ url, authorize, clock }) as ReturnType<(typeof remoteEngines)[N]>]
      : []
  }
  // It brings an HTTP client, which is read only where somebody asks for it.
  const openAi = config.llm && (await import('../engines/llm/openai-compatible.ts')).openAiCompatible
  const all = {
    stt: [
      ...peer('stt'),
      whisper,
      ...(config.stt ? [openAiStt({ ...config.stt, key: secrets.sttKey })] : []),
    ],
    tts: [
      ...peer('tts'),
      ...(config.tts ? [openAiTts({ ...config.tts, key: secrets.ttsKey })] : []),
      createEspeak(),
    ],
    ocr: [
      ...peer('ocr'),
      tesseract,
      ppocr,
      ...(config.vision ? [openAiOcr({ ...config.vision, key: secrets.visionKey })] : []),
    ],
    vision: [
      ...peer('vision'),
      ...(config.vision ? [openAiVision({ ...config.vision, key: secrets.visionKey, beside: sight })] : []),
      sight,
    ],
    parser: [
      ...peer('parser'),
      ...(config.docling ? [createDocling({ ...config.docling, key: secrets.doclingKey, maxPages })] : []),
      parser,
    ] as Parser[],
    search: [...peer('search'), ...webSearchOf(config)],
    reader: [...peer('reader'), readerOf(parser, clock)],
    rerank: [
      ...peer('rerank'),
      ...(config.rerank ? [httpRerank({ ...config.rerank, key: secrets.rerankKey })] : []),
      lexicalRerank,
    ],
  }
  const ordered = inOrder(all, config)
  const allEmbeddings = [
    ...(config.embeddings ? [openAiEmbeddings({ ...config.embeddings, key: secrets.embeddingsKey })] : []),
    e5,
    ngrams,
  ]
  return {
    ...ordered,
    search: asOne(ordered.search),
    media,
    llm:
      config.llm && openAi
        ? [
            openAi({ ...config.llm, key: secrets.llmKey }, { clock, random: Math.random }),
            librarian({ clock, ids }),
          ]
        : [librarian({ clock, ids })],
    models,
    async embeddings() {
      for (const one of allEmbeddings) if (!(await one.missing())) return one
      return ngrams
    },
    allEmbeddings,
    pools: () => pooled.map((engine) => engine.state()),
    close: async () => void (await Promise.all(pooled.map((engine) => engine.close()))),
  }
}

type Lists = Readonly<Record<EngineNode, readonly { readonly name: string }[]>>

/** The drivers as the configuration orders them; a name that no driver has is its fault. */
function inOrder<L extends Lists>(all: L, { engineOrder }: Pick<Config, 'engineOrder'>): L {
  const faults: string[] = []
  const ordered: Record<EngineNode, readonly { readonly name: string }[]> = { ...all }
  for (const engine of ENGINE_NODES) {
    const names = engineOrder[engine]
    if (!names) continue
    const known = all[engine]
    const called = ({ name }: { readonly name: string }) => name.split(' ')[0]
    const wrong = names.filter((name) => name !== 'peer' && !known.some((driver) => called(driver) === name))
    if (wrong.length > 0)
      faults.push(
        `${engine.toUpperCase()}_ENGINES names ${wrong.join(', ')}; here there are ${known.map(called).join(', ') || 'none'}`,
      )
    ordered[engine] = names.flatMap((name) => known.filter((driver) => called(driver) === name))
  }
  if (faults.length > 0) throw new ConfigError(faults)
  // The same drivers of the same kinds, fewer or in another order.
  return ordered as unknown as L
}

/** Engines of this node that search answer as one; another node's is asked by itself. */
function asOne(search: readonly WebSearch[]): WebSearch[] {
  const peers = search.filter(({ name }) => name.startsWith('peer'))
  const own = search.filter((engine) => !peers.includes(engine))
  return own.length > 1 ? [...peers, mergedSearch(own)] : [...search]
}
