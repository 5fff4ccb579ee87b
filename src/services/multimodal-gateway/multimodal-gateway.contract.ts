import { z } from 'zod'
import { get, post } from '../../kernel/contract.ts'
import { Failure } from '../../kernel/errors.ts'

/** One recognised word: its box in pixels of the upright image, its confidence 0…1. */
export const OcrWord = z.object({
  text: z.string(),
  confidence: z.number(),
  box: z.object({ x0: z.number(), y0: z.number(), x1: z.number(), y1: z.number() }),
})

/** The answer of `POST /api/multimodal/ocr` (multipart `file`). */
export const OcrResult = z.object({
  text: z.string(),
  confidence: z.number(),
  engine: z.string(),
  words: z.array(OcrWord),
})
export type OcrResult = z.infer<typeof OcrResult>

/** The answer of `POST /api/multimodal/parse` (multipart `file`): pages that add up. */
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
    }),
  ),
})
export type ParseResult = z.infer<typeof ParseResult>

const EngineState = z.object({
  engine: z.string(),
  driver: z.string(),
  state: z.enum(['ok', 'missing', 'cooling', 'down']),
  detail: z.string().optional(),
})

/** A model of this machine. */
export const LocalModel = z.object({
  name: z.string(),
  purpose: z.enum(['stt', 'embeddings']),
  about: z.string(),
  licence: z.string(),
  sizeBytes: z.number().int(),
  state: z.enum(['ready', 'missing', 'pulling', 'broken']),
  doneBytes: z.number().int(),
  /** How the last pull failed. */
  error: Failure.optional(),
})
export type LocalModel = z.infer<typeof LocalModel>

/** What the routes that take files ask for. */
export const GATEWAY_RIGHTS = {
  transcript: 'multimodal-gateway.audio.read',
  ocr: 'multimodal-gateway.image.read',
  parse: 'multimodal-gateway.document.read',
} as const

/** `POST /v1/audio/transcriptions` (OpenAI's shape), `POST /api/multimodal/ocr` and `/parse` are routes of their own: they take files. */
export const multimodalGatewayContract = {
  engines: get('/api/multimodal/engines', {
    right: 'multimodal-gateway.engine.read',
    summary: 'The engines behind the gateway, and how they are',
    input: z.object({}),
    output: z.object({ items: z.array(EngineState) }),
  }),
  models: get('/api/models', {
    right: 'multimodal-gateway.model.read',
    summary: 'The local models, and how they are',
    access: 'operator',
    input: z.object({}),
    output: z.object({ items: z.array(LocalModel) }),
  }),
  pullModel: post('/api/models/:model/pull', {
    right: 'multimodal-gateway.model.open',
    summary: 'Fetch a model; it goes on by itself, and `models` tells how far it is',
    access: 'operator',
    status: 202,
    input: z.object({ model: z.string() }),
    output: LocalModel,
  }),
}
