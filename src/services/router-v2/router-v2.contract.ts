import { z } from 'zod'
import { get, post } from '../../kernel/contract.ts'
import { Principal } from '../../kernel/principal.ts'
import { agentCalled } from '../city/city.events.ts'
import { Citation, Part } from '../city/messages.contract.ts'
import { Explanation, RulesShown, V1Answer, V1Request } from '../router-v1/router-v1.contract.ts'

/** A part of a program's own request: words, bytes as a data URL or a stored file's id, or something to look for. */
export const RequestPart = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string().max(16_000) }),
  z
    .object({
      type: z.enum(['audio', 'image', 'file']),
      name: z.string().max(200).optional(),
      /** `data:<mime>;base64,…` */
      data: z.string().optional(),
      /** A file of the city that the asker may see: `file_…`. */
      file: z.string().max(64).optional(),
    })
    .refine(({ data, file }) => (data === undefined) !== (file === undefined), 'must have data or file'),
  z.object({
    type: z.literal('search'),
    query: z.string().trim().min(1).max(400),
    /** The documents one may read, of the room where one is named; or the internet, which the query then leaves the city for. */
    where: z.enum(['documents', 'web']).default('documents'),
    limit: z.number().int().min(1).max(20).default(8),
  }),
])
export type RequestPart = z.infer<typeof RequestPart>

/** v2's own form has `parts`; v1's has `message`, and v1.1's has files in `payload.context` besides (`images`, `files`, `audio`: data URLs, or `{name?, data}`). */
export const RouteRequest = V1Request.partial({ message: true })
  .extend({
    parts: z.array(RequestPart).min(1).max(10).optional(),
    /** A room the asker may read: its documents are searched. */
    room: z.string().optional(),
    /** What was asked and answered in it before is known to an agent; of this asker alone, for 30 days. */
    session: z.string().min(1).max(200).optional(),
    /** What the answer needs, for the rules to look at. */
    capabilities: z.array(z.string().max(60)).max(20).optional(),
    /** What the answer may cost at most. */
    maxUsd: z.number().min(0).max(1_000).optional(),
    timeoutMs: z.number().int().min(1_000).max(300_000).default(120_000),
    /** The header `Idempotency-Key` in another place. */
    idempotencyKey: z.string().max(200).optional(),
  })
  .refine(
    ({ parts, message }) => (parts === undefined) !== (message === undefined),
    'must have parts, or a message in v1’s form',
  )
export type RouteRequest = z.infer<typeof RouteRequest>

/** What became of a part; what was looked for gives what was found. */
export const AnsweredPart = Part.omit({ file: true, sizeBytes: true, type: true }).extend({
  type: z.enum(['audio', 'image', 'file', 'search']),
  found: z
    .array(
      z.object({
        title: z.string(),
        text: z.string(),
        url: z.string().optional(),
        document: z.string().optional(),
        page: z.number().int().optional(),
      }),
    )
    .optional(),
})
export type AnsweredPart = z.infer<typeof AnsweredPart>

export const RouteResult = z.object({
  run: z.string(),
  text: z.string(),
  citations: z.array(Citation),
  engine: z.string().nullable(),
  /** What became of each part, in order; a part that failed carries its error and does not lose the rest. */
  parts: z.array(AnsweredPart),
  /** The rule that matched; null where none did. */
  rule: z.string().nullable(),
  tokensIn: z.number().int(),
  tokensOut: z.number().int(),
  costUsd: z.number(),
})
export type RouteResult = z.infer<typeof RouteResult>

/** v1's envelope; what v1.1 sent besides words is told of in `data`. */
export const V1FormAnswer = V1Answer.extend({
  data: V1Answer.shape.data.extend({
    parts: z.array(AnsweredPart).optional(),
    citations: z.array(Citation).optional(),
  }),
})
export type V1FormAnswer = z.infer<typeof V1FormAnswer>

export const RouteAnswer = z.union([V1FormAnswer, RouteResult])
export type RouteAnswer = z.infer<typeof RouteAnswer>

/** `route` also takes `multipart/form-data` (the fields of JSON as text, `request` for all of them at once, files in `audio`, `image`, `file`), and with `Accept: text/event-stream` answers as it goes: accepted {run}, transcript and text {part, name, text}, step {kind, state}, delta {offset, text}, citation, done (the answer), error. */
export const routerV2Contract = {
  route: post('/api/router/v2/route', {
    right: 'router-v2.request.post',
    summary:
      'Every kind of request: text, audio, image, file and search parts become artefacts, then the one that the rules pick answers; v1’s requests get v1’s answers',
    input: RouteRequest,
    output: RouteAnswer,
    errors: ['not_found', 'conflict', 'upstream', 'unavailable', 'timeout', 'too_large', 'unsupported'],
  }),
  rules: get('/api/router/v2/rules', {
    right: 'router-v2.rule.read',
    summary: 'The rules in force, in the order they are tried',
    access: 'operator',
    input: z.object({}),
    output: RulesShown,
  }),
  explain: post('/api/router/v2/explain', {
    right: 'router-v2.rule.read',
    summary:
      'Which rule a request would match, and why each other would not; nothing is read, heard or asked',
    access: 'operator',
    input: RouteRequest,
    output: Explanation,
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
