import { z } from 'zod'
import { get, post } from '../../kernel/contract.ts'
import { Failure } from '../../kernel/errors.ts'
import { doorOperations } from './doors.contract.ts'
import { jobOperations } from './jobs.contract.ts'
import { usageOperations } from './usage.contract.ts'
import { vectorOperations } from './vectors.contract.ts'

/** `missing`: it lacks something, and `detail` names the command or setting that mends it. `cooling`: it failed a moment ago. `down`: another node does not answer. */
const EngineState = z.object({
  engine: z.string(),
  driver: z.string(),
  state: z.enum(['ok', 'missing', 'cooling', 'down']),
  detail: z.string().optional(),
  /** The same sentence in the catalogue of errors. */
  code: z.string().optional(),
  params: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
})

/** A model of this machine. */
export const LocalModel = z.object({
  name: z.string(),
  purpose: z.enum(['stt', 'embeddings', 'vision', 'ocr']),
  about: z.string(),
  licence: z.string(),
  sizeBytes: z.number().int(),
  state: z.enum(['ready', 'missing', 'pulling', 'broken']),
  doneBytes: z.number().int(),
  /** How the last pull failed. */
  error: Failure.optional(),
})
export type LocalModel = z.infer<typeof LocalModel>

/** The doors to the engines, the jobs behind them, what is used, and how the engines are. `POST /v1/audio/*` (OpenAI’s shapes) and a job’s events and result are routes of their own. */
export const multimodalGatewayContract = {
  ...doorOperations,
  ...jobOperations,
  ...usageOperations,
  ...vectorOperations,
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
