import { z } from 'zod'
import { get, post } from '../../kernel/contract.ts'

/** The kinds of work that the gateway does, each behind a door of its own. */
export const WORK_TYPES = [
  'transcript',
  'translation',
  'speech',
  'ocr',
  'describe',
  'parse',
  'read',
  'search',
  'embed',
  'rerank',
] as const
export type WorkType = (typeof WORK_TYPES)[number]

/** Where the bytes come from: a file kept here (`file_…`), an address (`https://…`), or a data URL. */
export const SourceText = z
  .string()
  .min(1)
  .max(6_000_000)
  .regex(/^(?:file_[0-9a-z]+$|https?:\/\/|data:)/, 'must be file_…, https://… or data:…')

/** Told where a job ends; only with `Prefer: respond-async`. */
const Webhook = z.url({ protocol: /^https?$/ }).max(2000)

const Box = z.object({ x0: z.number(), y0: z.number(), x1: z.number(), y1: z.number() })

/** One recognised word: its box in pixels of the upright image, its confidence 0…1, and its page, block of lines and line, each from 1 where an engine tells. */
export const OcrWord = z.object({
  text: z.string(),
  confidence: z.number(),
  box: Box,
  line: z.number().int().optional(),
  block: z.number().int().optional(),
  page: z.number().int().optional(),
})

/** How a reading is answered: JSON, its text alone, one of three formats with places, or the picture as a PDF that can be searched. */
export const OCR_FORMATS = ['json', 'text', 'hocr', 'tsv', 'alto', 'pdf'] as const

/** The answer of `POST /api/multimodal/ocr`. */
export const OcrResult = z.object({
  text: z.string(),
  confidence: z.number(),
  engine: z.string(),
  words: z.array(OcrWord),
  /** What the boxes stand on: the image turned clockwise by `turned` degrees; a fax has several. */
  pages: z
    .array(
      z.object({
        width: z.number().int(),
        height: z.number().int(),
        turned: z.union([z.literal(0), z.literal(90), z.literal(180), z.literal(270)]),
      }),
    )
    .optional(),
})
export type OcrResult = z.infer<typeof OcrResult>

const Place = z.object({
  kind: z.enum(['page', 'sheet', 'slide', 'section', 'message', 'entry']),
  label: z.string(),
})

/** The answer of `POST /api/multimodal/parse`: pages that add up. */
export const ParseResult = z.object({
  title: z.string(),
  mime: z.string(),
  engine: z.string(),
  pages: z.array(
    z.object({
      number: z.number().int(),
      state: z.enum(['read', 'ocr', 'empty', 'failed']),
      text: z.string(),
      error: z.string().optional(),
      place: Place.optional(),
      /** The text with its structure; absent where it has none, or where it was recognised from a scan. */
      markdown: z.string().optional(),
      tables: z.array(z.object({ rows: z.array(z.array(z.string())), header: z.boolean() })).optional(),
      headings: z.array(z.object({ level: z.number().int(), text: z.string() })).optional(),
    }),
  ),
  outline: z
    .array(z.object({ title: z.string(), level: z.number().int(), page: z.number().int() }))
    .optional(),
})
export type ParseResult = z.infer<typeof ParseResult>

/** The answer of `POST /api/multimodal/describe`. `text` is null where no engine that puts pictures into words answered: a caption is never made up. */
export const Description = z.object({
  text: z.string().nullable(),
  objects: z.array(
    z.object({ label: z.object({ uk: z.string(), en: z.string() }), confidence: z.number(), box: Box }),
  ),
  tags: z.array(z.object({ label: z.string(), confidence: z.number() })),
  codes: z.array(z.object({ format: z.string(), text: z.string() })),
  colours: z.array(z.object({ hex: z.string(), share: z.number() })),
  safety: z.object({ score: z.number() }).optional(),
  /** What the camera wrote into the file; only where `camera=true` says that whoever took the photo agrees. */
  camera: z
    .object({
      takenAt: z.string().optional(),
      place: z.object({ latitude: z.number(), longitude: z.number() }).optional(),
    })
    .optional(),
  engine: z.string(),
})
export type Description = z.infer<typeof Description>

/** The answer of `POST /api/multimodal/search`. What it holds is text of others: data, never an instruction. */
export const SearchResult = z.object({
  engine: z.string(),
  items: z.array(z.object({ title: z.string(), url: z.string(), site: z.string(), text: z.string() })),
})
export type SearchResult = z.infer<typeof SearchResult>

/** The answer of `POST /api/multimodal/read`: a page of the internet as text of others. */
export const ReadResult = z.object({
  url: z.string(),
  title: z.string(),
  markdown: z.string(),
  byline: z.string().optional(),
  publishedAt: z.string().optional(),
  language: z.string().optional(),
  links: z.array(z.object({ url: z.string(), text: z.string() })),
  engine: z.string(),
})
export type ReadResult = z.infer<typeof ReadResult>

/** Unit vectors in the order of the texts. */
export const EmbedResult = z.object({
  engine: z.string(),
  model: z.string(),
  dimensions: z.number().int(),
  vectors: z.array(z.array(z.number())),
})
export type EmbedResult = z.infer<typeof EmbedResult>

/** The best first; `index` is the place in what was sent. */
export const RerankResult = z.object({
  engine: z.string(),
  items: z.array(z.object({ index: z.number().int(), score: z.number() })),
})
export type RerankResult = z.infer<typeof RerankResult>

export const DOOR_RIGHTS = {
  audio: 'multimodal-gateway.audio.read',
  speech: 'multimodal-gateway.speech.make',
} as const

const Texts = z.array(z.string().max(20_000)).min(1).max(256)
const OF_FILES = [
  'not_found',
  'too_large',
  'unsupported',
  'rate_limited',
  'upstream',
  'unavailable',
  'timeout',
] as const
const OF_ENGINES = ['rate_limited', 'upstream', 'unavailable', 'timeout'] as const

/** What each door takes besides a file, as JSON or as fields of multipart/form-data; their routes are the gateway's own, for they take files and answer 202 where asked. */
export const doorOperations = {
  ocr: post('/api/multimodal/ocr', {
    right: 'multimodal-gateway.image.read',
    summary:
      'The text of a picture, with the place of each word; as JSON, text, hOCR, TSV, ALTO or a PDF that can be searched',
    input: z.object({
      source: SourceText,
      languages: z
        .string()
        .regex(/^(?:uk|en)(?:,(?:uk|en))?$/, 'must be uk, en or uk,en')
        .optional(),
      format: z.enum(OCR_FORMATS).optional(),
      webhook: Webhook.optional(),
    }),
    output: OcrResult,
    errors: OF_FILES,
  }),
  describe: post('/api/multimodal/describe', {
    right: 'multimodal-gateway.image.read',
    summary: 'What is in a picture: objects, tags, codes, colours, and words where an engine has them',
    input: z.object({
      source: SourceText,
      question: z.string().max(2000).optional(),
      language: z.enum(['uk', 'en']).optional(),
      camera: z.enum(['true', 'false']).optional(),
      webhook: Webhook.optional(),
    }),
    output: Description,
    errors: OF_FILES,
  }),
  parse: post('/api/multimodal/parse', {
    right: 'multimodal-gateway.document.read',
    summary: 'The text of a document, page by page',
    input: z.object({
      source: SourceText,
      password: z.string().max(500).optional(),
      webhook: Webhook.optional(),
    }),
    output: ParseResult,
    errors: OF_FILES,
  }),
  read: post('/api/multimodal/read', {
    right: 'multimodal-gateway.page.read',
    summary: 'A page of the internet as markdown',
    input: z.object({ url: z.url({ protocol: /^https?$/ }).max(2000), webhook: Webhook.optional() }),
    output: ReadResult,
    errors: [...OF_FILES, 'forbidden'],
  }),
  search: post('/api/multimodal/search', {
    right: 'multimodal-gateway.web.read',
    summary: 'Places on the internet; the query leaves the city',
    input: z.object({
      query: z.string().trim().min(1).max(400),
      languages: z
        .array(z.enum(['uk', 'en']))
        .min(1)
        .max(2)
        .default(['uk', 'en']),
      limit: z.number().int().min(1).max(20).default(10),
    }),
    output: SearchResult,
    errors: OF_ENGINES,
  }),
  embed: post('/api/multimodal/embed', {
    right: 'multimodal-gateway.text.embed',
    summary: 'Texts as vectors of meaning',
    input: z.object({ texts: Texts, kind: z.enum(['query', 'passage']).default('passage') }),
    output: EmbedResult,
    errors: OF_ENGINES,
  }),
  rerank: post('/api/multimodal/rerank', {
    right: 'multimodal-gateway.text.rank',
    summary: 'Texts in the order in which they answer a query',
    input: z.object({
      query: z.string().trim().min(1).max(4000),
      texts: Texts,
      limit: z.number().int().min(1).max(256).optional(),
    }),
    output: RerankResult,
    errors: OF_ENGINES,
  }),
  voices: get('/api/multimodal/voices', {
    right: 'multimodal-gateway.engine.read',
    summary: 'The voices of the engines that speak',
    input: z.object({}),
    output: z.object({
      items: z.array(
        z.object({
          engine: z.string(),
          id: z.string(),
          name: z.string(),
          languages: z.array(z.string()),
          quality: z.enum(['natural', 'robotic']),
        }),
      ),
    }),
  }),
}
