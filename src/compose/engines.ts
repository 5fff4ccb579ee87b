import type { Config } from '../config.ts'
import { createE5 } from '../engines/embeddings/e5.ts'
import type { Embeddings } from '../engines/embeddings/embeddings.ts'
import { createNgrams } from '../engines/embeddings/ngrams.ts'
import { librarian } from '../engines/llm/librarian.ts'
import type { Llm } from '../engines/llm/llm.ts'
import { createLocalMedia } from '../engines/media/local.ts'
import type { Media } from '../engines/media/media.ts'
import { createModels, type Models } from '../engines/models/models.ts'
import type { Ocr } from '../engines/ocr/ocr.ts'
import { createTesseractOcr } from '../engines/ocr/tesseract.ts'
import { createLocalParser } from '../engines/parser/local.ts'
import type { Parser } from '../engines/parser/parser.ts'
import { openAiStt } from '../engines/stt/openai.ts'
import type { Stt } from '../engines/stt/stt.ts'
import { createWhisper } from '../engines/stt/whisper.ts'
import type { OpenAddress, WebSearch } from '../engines/web-search/web-search.ts'
import { createWikipedia } from '../engines/web-search/wikipedia.ts'
import type { PoolState } from '../engines/workers/pool.ts'
import type { Means } from './platform.ts'

/** What the city hears, reads and answers with. Nothing is loaded before its first use. */
export interface Engines {
  readonly media: Media
  readonly parser: Parser
  readonly stt: readonly Stt[]
  readonly ocr: readonly Ocr[]
  readonly llm: readonly [Llm, ...Llm[]]
  readonly webSearch: readonly WebSearch[]
  readonly models: Models
  /** The best embedding that can work now. */
  embeddings(): Promise<Embeddings>
  readonly allEmbeddings: readonly Embeddings[]
  /** The child processes, for health and for tests. */
  pools(): readonly PoolState[]
  close(): Promise<void>
}

/** The drivers a configuration asks for, in the order they are tried. */
export async function createEngines(config: Config, { clock, ids }: Means): Promise<Engines> {
  const { maxPages, maxPixels, modelsDir, modelsMirror } = config
  const maxSeconds = config.maxAudioSeconds
  const models = createModels({ dir: modelsDir, clock, ...(modelsMirror && { mirror: modelsMirror }) })
  const media = createLocalMedia({ clock, limits: { maxPages, maxPixels, maxSeconds } })
  const parser = createLocalParser({ clock, maxPages })
  const tesseract = createTesseractOcr({ clock, maxPixels })
  const whisper = createWhisper({ models, clock, maxSeconds })
  const e5 = createE5({ models, clock })
  const ngrams = createNgrams()
  const pooled = [media, parser, tesseract, whisper, e5]
  const key = config.secrets.sttKey
  // It brings an HTTP client, which is read only where somebody asks for it.
  const openAi = config.llm && (await import('../engines/llm/openai-compatible.ts')).openAiCompatible
  return {
    media,
    parser,
    stt: [whisper, ...(config.stt ? [openAiStt({ ...config.stt, ...(key && { key }) })] : [])],
    ocr: [tesseract],
    llm:
      config.llm && openAi
        ? [
            openAi({ ...config.llm, key: config.secrets.llmKey }, { clock, random: Math.random }),
            librarian({ clock, ids }),
          ]
        : [librarian({ clock, ids })],
    webSearch: webSearchOf(config),
    models,
    embeddings: async () => ((await e5.missing()) ? ngrams : e5),
    allEmbeddings: [e5, ngrams],
    pools: () => pooled.map((engine) => engine.state()),
    close: async () => void (await Promise.all(pooled.map((engine) => engine.close()))),
  }
}

/** Addresses of the operator's own configuration may be internal; what redirects name may not. */
function webSearchOf({ webSearch }: Config): WebSearch[] {
  if (!webSearch) return []
  const { url } = webSearch
  const internal = ['uk', 'en'].map((language) => url.replace('LANG', language))
  // It brings an HTTP client, which is read only where somebody searches.
  const open: OpenAddress = async (address, options) => {
    const { createSafeFetch } = await import('../platform/fetch/fetch.ts')
    return await createSafeFetch({ internal })(address, options)
  }
  return [createWikipedia({ open, url })]
}
