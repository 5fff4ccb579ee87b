import { z } from 'zod'
import { engineError } from '../../engines/engine.errors.ts'
import type { Media, MediaFacts } from '../../engines/media/media.ts'
import { OcrText } from '../../engines/ocr/ocr.ts'
import { type Segment, Transcript } from '../../engines/stt/stt.ts'
import { SPEECH_FORMATS, type SpeechFormat } from '../../engines/tts/tts.ts'
import { storable } from '../../platform/database/storable.ts'
import { ableReaders } from './able-readers.ts'
import { byFirst } from './by-first.ts'
import {
  Description,
  EmbedResult,
  ParseResult,
  ReadResult,
  RerankResult,
  SearchResult,
} from './doors.contract.ts'
import type { Bench, Benches, EngineName } from './engine-set.ts'
import { withPdf } from './ocr-formats.ts'
import { readPages } from './read-pages.ts'
import { type Expected, OF_A_PICTURE, type Till } from './till.ts'
import type { Unit } from './usage.contract.ts'

/** A file as engines take it. */
export interface Opened {
  readonly bytes: Uint8Array
  /** Its sha256. */
  readonly key: string
  /** By its bytes. */
  readonly mime: string
  readonly name: string
}

export interface How {
  readonly signal: AbortSignal
  readonly till: Till
  /** How long the file is, where that is known. */
  readonly seconds: number
  onProgress(share: number): void
  onPartial(segment: Segment): void
}

/** Speech as it is kept: JSON. */
export const SpeechResult = z.object({
  /** Base64. */
  audio: z.string(),
  mime: z.string(),
  format: z.enum(SPEECH_FORMATS),
  engine: z.string(),
  language: z.string(),
  quality: z.enum(['natural', 'robotic']),
})
export type SpeechResult = z.infer<typeof SpeechResult>

/** One kind of work: which engine does it, of what, what it is known by and what it costs. */
export interface Kind<O, R> {
  readonly engine: EngineName
  readonly unit: Unit
  /** The kind of file it is about; null where it is about none. */
  readonly accepts: MediaFacts['kind'] | null
  /** How long a result is kept; absent for the setting’s days, null for never. */
  readonly keepMs?: number | null
  readonly result: z.ZodType<R>
  /** What the result depends on besides the bytes; null where it must not be kept. */
  keyOf(options: O): string | null
  /** Whether what brings the key to a locked file is among the options. */
  unlocks?(options: O): boolean
  /** How much of the unit it will be, as far as it can be told. */
  estimate(options: O, facts: MediaFacts | null): number
  /** How much it was. */
  amountOf(result: R, options: O): number
  costOf?(result: R): number | undefined
  /** Whether it would come out the same tomorrow; always, where nothing is said. */
  lasting?(result: R): boolean
  work(file: Opened, options: O, how: How): Promise<{ readonly driver: string; readonly result: R }>
}

export interface TranscriptOptions {
  /** ISO 639-1. */
  readonly language?: string | undefined
  readonly words?: boolean | undefined
  readonly prompt?: string | undefined
}
export interface SpeechOptions {
  readonly text: string
  readonly voice?: string | undefined
  readonly language?: string | undefined
  readonly format?: SpeechFormat | undefined
  readonly speed?: number | undefined
}
export interface OcrOptions {
  readonly languages?: readonly ('uk' | 'en')[] | undefined
  /** Wanted is where words stand, or a PDF, which needs it too: engines that tell the text alone are not asked. */
  readonly as?: 'places' | 'pdf' | undefined
}

/** A reading as it is kept; the PDF is base64. */
export const OcrMade = OcrText.extend({ pdf: z.string().optional() })
export type OcrMade = z.infer<typeof OcrMade>
export interface DescribeOptions {
  readonly question?: string | undefined
  readonly language?: 'uk' | 'en' | undefined
  readonly camera?: boolean | undefined
}
export interface ParseOptions {
  readonly password?: string | undefined
}
export interface SearchOptions {
  readonly query: string
  readonly languages: readonly ('uk' | 'en')[]
  readonly limit: number
}
export interface EmbedOptions {
  readonly texts: readonly string[]
  readonly kind: 'query' | 'passage'
}
export interface RerankOptions {
  readonly query: string
  readonly texts: readonly string[]
  readonly limit?: number | undefined
}

/** What of the internet changes is believed for so long. */
const WEB_MS = 10 * 60_000
const NOTHING: Expected = { unit: 'tokens', amount: 0 }
const searches = (amount: number): Expected => ({ unit: 'searches', amount })
const tokens = (amount: number): Expected => ({ unit: 'tokens', amount })
/** Beforehand; Ukrainian takes about two letters a token. */
const tokensIn = (texts: readonly string[]): number =>
  texts.reduce((all, { length }) => all + Math.ceil(length / 2) + 2, 0)

export function createKinds(benches: Benches, media: Media) {
  return {
    transcript: hearing(benches, 'transcribe'),
    translation: hearing(benches, 'translate'),
    speech: kind<SpeechOptions, SpeechResult>({
      engine: 'tts',
      unit: 'characters',
      accepts: null,
      result: SpeechResult,
      keyOf: (options) => keyOf({ ...options }),
      estimate: ({ text }) => text.length,
      amountOf: (_, { text }) => text.length,
      work: (_, { text, ...options }, { onProgress, signal, till }) =>
        byFirst(
          benches.tts,
          { till, expected: { unit: 'characters', amount: text.length } },
          async (engine) => {
            const { bytes, ...speech } = await engine.speak(text, { ...options, onProgress, signal })
            return { ...speech, audio: Buffer.from(bytes).toString('base64') }
          },
        ),
    }),
    ocr: kind<OcrOptions, OcrMade>({
      engine: 'ocr',
      unit: 'images',
      accepts: 'image',
      result: OcrMade,
      keyOf: ({ as, languages }) =>
        [languages && `languages=${[...languages].sort().join(',')}`, as && `as=${as}`]
          .filter(Boolean)
          .join(' '),
      estimate: () => 1,
      amountOf: () => 1,
      work: (file, options, { signal, till }) =>
        readPicture({ bench: benches.ocr, media, till }, file, options, signal),
    }),
    describe: kind<DescribeOptions, Description>({
      engine: 'vision',
      unit: 'images',
      accepts: 'image',
      result: Description,
      keyOf: (options) => keyOf({ ...options }),
      estimate: () => 1,
      amountOf: () => 1,
      work: (file, options, { signal, till }) =>
        byFirst(benches.vision, { till, expected: OF_A_PICTURE }, async (engine, onUsed) =>
          Description.parse(await engine.describe(file, { ...options, onUsed, signal })),
        ),
    }),
    parse: kind<ParseOptions & { readonly name: string }, ParseResult>({
      engine: 'parser',
      unit: 'pages',
      accepts: 'document',
      result: ParseResult,
      // A name says how text is to be read, and is the title of what has none.
      keyOf: ({ name, password }) =>
        password === undefined
          ? `ocr=${benches.ocr.names.join(',')} name=${storable(name.slice(0, 200))}`
          : null,
      unlocks: ({ password }) => password !== undefined,
      estimate: (_, facts) => facts?.pages ?? 1,
      amountOf: ({ pages }) => pages.length,
      lasting: ({ pages }) => pages.every(({ error }) => !error || error === 'page.illegible'),
      work: (file, { password }, { onProgress, signal, till }) =>
        byFirst(benches.parser, { till, expected: NOTHING }, (parser) =>
          readPages({ parser, ocr: benches.ocr, password, till }, file, signal, onProgress),
        ),
    }),
    read: kind<{ readonly url: string }, ReadResult>({
      engine: 'reader',
      unit: 'pages',
      accepts: null,
      keepMs: WEB_MS,
      result: ReadResult,
      keyOf: ({ url }) => url,
      estimate: () => 1,
      amountOf: () => 1,
      work: (_, { url }, { signal, till }) =>
        byFirst(benches.reader, { till, expected: NOTHING }, async (engine) =>
          ReadResult.parse(await engine.read(url, { signal })),
        ),
    }),
    search: kind<SearchOptions, SearchResult>({
      engine: 'search',
      unit: 'searches',
      accepts: null,
      keepMs: WEB_MS,
      result: SearchResult,
      keyOf: (options) => keyOf({ ...options }),
      estimate: () => 1,
      amountOf: () => 1,
      work: (_, { query, ...options }, { signal, till }) =>
        // One that has nothing in the first language is asked in the next.
        byFirst(
          benches.search,
          { till, expected: searches(options.languages.length) },
          async (engine, onUsed) => {
            const found = await engine.search(query, { ...options, onUsed, signal })
            return SearchResult.parse({ engine: found.engine, items: found.hits })
          },
        ),
    }),
    embed: kind<EmbedOptions, EmbedResult>({
      engine: 'embeddings',
      unit: 'texts',
      accepts: null,
      keepMs: null,
      result: EmbedResult,
      keyOf: () => null,
      estimate: ({ texts }) => texts.length,
      amountOf: (_, { texts }) => texts.length,
      work: (_, { kind, texts }, { signal, till }) =>
        byFirst(benches.embeddings, { till, expected: tokens(tokensIn(texts)) }, async (engine, onUsed) => {
          const vectors = await engine.embed(texts, { kind, onUsed, signal })
          const { dimensions, model } = engine
          return { engine: model, model, dimensions, vectors: vectors.map((vector) => [...vector]) }
        }),
    }),
    rerank: kind<RerankOptions, RerankResult>({
      engine: 'rerank',
      unit: 'texts',
      accepts: null,
      keepMs: null,
      result: RerankResult,
      keyOf: () => null,
      estimate: ({ texts }) => texts.length,
      amountOf: (_, { texts }) => texts.length,
      work: (_, { query, texts, limit }, { signal, till }) =>
        byFirst(
          benches.rerank,
          { till, expected: tokens(tokensIn(texts) + texts.length * tokensIn([query])) },
          async (engine, onUsed) => {
            const ranked = await engine.rerank(query, texts, { limit, onUsed, signal })
            return RerankResult.parse({ engine: engine.model, items: ranked })
          },
        ),
    }),
  }
}
export type Kinds = ReturnType<typeof createKinds>

const kind = <O, R>(of: Kind<O, R>): Kind<O, R> => of

const hearing = (benches: Benches, task: 'transcribe' | 'translate') =>
  kind<TranscriptOptions, Transcript>({
    engine: 'stt',
    unit: 'seconds',
    accepts: 'audio',
    result: Transcript,
    keyOf: ({ language, prompt, words }) =>
      [language && `language=${language}`, words && 'words', prompt && `prompt=${storable(prompt)}`]
        .filter(Boolean)
        .join(' '),
    estimate: (_, facts) => (facts?.durationMs ?? 0) / 1000,
    amountOf: ({ durationMs }) => durationMs / 1000,
    costOf: ({ usage }) => usage?.cost,
    work: (file, options, { seconds, till, ...how }) =>
      byFirst(
        benches.stt,
        { till, expected: { unit: 'seconds', amount: seconds } },
        async (engine, onUsed) => {
          const heard = await engine.transcribe(file, { ...options, ...how, task })
          const [by = engine.name] = engine.paid ?? []
          onUsed({ by, unit: 'seconds', amount: heard.durationMs / 1000 })
          return heard
        },
      ),
  })

/** What is written in a picture; where places are wanted, by a driver that tells them. */
async function readPicture(
  { bench, media, till }: { readonly bench: Bench<'ocr'>; readonly media: Media; readonly till: Till },
  file: Opened,
  { as, languages }: OcrOptions,
  signal: AbortSignal,
): Promise<{ driver: string; result: OcrMade }> {
  const asked = ableReaders(bench, languages, as !== undefined)
  return await byFirst(asked, { till, expected: OF_A_PICTURE }, async (engine, onUsed) => {
    const read = await engine.read(file, { signal, languages, onUsed })
    // Another node may have asked a driver of its own that tells none.
    if (as && read.text !== '' && read.words.length === 0)
      throw engineError('engine.no_places', {}, { retryable: true })
    return as === 'pdf' ? await withPdf(read, file, media, signal) : read
  })
}

/** Options as one text, whatever the order they were given in. */
const keyOf = (options: Readonly<Record<string, unknown>>): string =>
  storable(
    JSON.stringify(
      Object.entries(options)
        .filter(([, value]) => value !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
  )
