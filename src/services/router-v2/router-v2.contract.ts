import { z } from 'zod'
import { post } from '../../kernel/contract.ts'
import { Principal } from '../../kernel/principal.ts'
import { agentCalled } from '../city/city.events.ts'
import { Citation, Part } from '../city/messages.contract.ts'

/** A part of a program's own request: words, or bytes as a data URL or an uploaded file's id. */
export const RequestPart = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string().max(16_000) }),
  z.object({
    type: z.enum(['audio', 'image', 'file']),
    name: z.string().max(200).optional(),
    /** `data:<mime>;base64,…` */
    data: z.string(),
  }),
])
export type RequestPart = z.infer<typeof RequestPart>

export const RouteRequest = z.object({
  agent: z.string().default('daarwizz'),
  parts: z.array(RequestPart).min(1).max(10),
  /** A room the asker may read: its documents are searched. */
  room: z.string().optional(),
  timeoutMs: z.number().int().min(1_000).max(300_000).default(120_000),
})
export type RouteRequest = z.infer<typeof RouteRequest>

export const RouteResult = z.object({
  run: z.string(),
  text: z.string(),
  citations: z.array(Citation),
  engine: z.string().nullable(),
  /** What became of each part, in order; a part that failed carries its error and does not lose the rest. */
  parts: z.array(Part.omit({ file: true, sizeBytes: true })),
  tokensIn: z.number().int(),
  tokensOut: z.number().int(),
  costUsd: z.number(),
})
export type RouteResult = z.infer<typeof RouteResult>

export const routerV2Contract = {
  route: post('/api/router/v2/route', {
    right: 'router-v2.request.post',
    summary: 'Every kind of request: text, audio, image, file parts become artefacts, then an agent answers',
    input: RouteRequest,
    output: RouteResult,
    errors: ['not_found', 'unavailable', 'timeout', 'too_large', 'unsupported'],
  }),
  deliver: post('/api/router/v2/deliver', {
    right: 'router-v2.call.post',
    summary: 'Bring a call of a room to its agent; the run goes on by itself',
    access: 'service',
    status: 202,
    input: agentCalled.data.extend({ principal: Principal }),
    output: z.object({ run: z.string() }),
    errors: ['unavailable', 'not_found'],
  }),
}
