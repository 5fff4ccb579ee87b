import { z } from 'zod'
import type { ServiceName } from '../config.ts'
import type { Right } from '../kernel/contract.ts'
import { agentsContract } from '../services/agents/agents.contract.ts'
import { MCP_RIGHT } from '../services/agents/mcp/mcp.contract.ts'
import { cityContract } from '../services/city/city.contract.ts'
import { CityFile, FILE_RIGHTS } from '../services/city/files.contract.ts'
import { PICTURE_RIGHT } from '../services/city/previews.contract.ts'
import { Import, TRANSFER_RIGHTS } from '../services/city/transfers.contract.ts'
import { DOCUMENT_RIGHTS } from '../services/knowledge/collections.contract.ts'
import { Document } from '../services/knowledge/documents.contract.ts'
import { DOOR_RIGHTS } from '../services/multimodal-gateway/doors.contract.ts'
import { jobOperations } from '../services/multimodal-gateway/jobs.contract.ts'

/** A route that is no operation of a contract, because it takes or gives files, a socket or a stream. */
export interface OtherRoute {
  readonly service: ServiceName
  readonly method: 'get' | 'post' | 'patch' | 'head' | 'delete'
  /** With `{name}` for what varies. */
  readonly path: string
  readonly summary: string
  /** What whoever asks must hold. */
  readonly right: Right
  readonly query?: readonly string[]
  /** Fields of `multipart/form-data` besides `file`; where nothing is said it takes no body. */
  readonly form?: readonly string[]
  /** Its JSON body, where it takes one. */
  readonly body?: z.ZodType
  /** Of another protocol, which says itself what is asked and answered: it stands in no description of ours. */
  readonly foreign?: boolean
  /** Answers 202 with a job where `Prefer: respond-async` asks for it. */
  readonly jobs?: boolean
  readonly status: number
  readonly answers: string | z.ZodType
}

/** All of them, as the services' own routes serve them. */
export const OTHER_ROUTES: readonly OtherRoute[] = [
  {
    service: 'city',
    method: 'post',
    path: '/api/city/files',
    right: FILE_RIGHTS.upload,
    summary: 'Upload a file',
    form: [],
    status: 201,
    answers: CityFile,
  },
  {
    service: 'city',
    method: 'post',
    path: '/api/city/uploads',
    right: FILE_RIGHTS.upload,
    summary: 'Begin an upload in pieces (tus 1.0.0)',
    foreign: true,
    status: 201,
    answers: '*/*',
  },
  ...(['head', 'patch', 'delete'] as const).map((method) => ({
    service: 'city' as const,
    method,
    path: '/api/city/uploads/{upload}',
    right: FILE_RIGHTS.upload,
    summary: { head: 'How much of it came', patch: 'The next piece', delete: 'End it' }[method],
    foreign: true,
    status: 204,
    answers: '*/*',
  })),
  {
    service: 'city',
    method: 'get',
    path: '/api/city/files/{file}',
    right: FILE_RIGHTS.download,
    summary: 'A file’s bytes, in ranges where asked',
    status: 200,
    answers: '*/*',
  },
  {
    service: 'city',
    method: 'get',
    path: '/api/city/files/{file}/thumbnail',
    right: FILE_RIGHTS.download,
    summary: 'A picture made small',
    query: ['edge'],
    status: 200,
    answers: 'image/webp',
  },
  {
    service: 'city',
    method: 'get',
    path: '/api/city/messages/{message}/picture',
    right: PICTURE_RIGHT,
    summary: 'The picture of a page that a message names, made small',
    query: ['url'],
    status: 200,
    answers: 'image/webp',
  },
  {
    service: 'city',
    method: 'get',
    path: '/api/city/exports/{export}/archive',
    right: TRANSFER_RIGHTS.download,
    summary: 'The archive itself, a ZIP; for whoever asked for it',
    status: 200,
    answers: 'application/zip',
  },
  {
    service: 'knowledge',
    method: 'post',
    path: '/api/knowledge/collections/{collection}/documents',
    right: DOCUMENT_RIGHTS.upload,
    summary: 'Bring a document into a collection; 200 where it is there already',
    form: [],
    status: 201,
    answers: Document,
  },
  {
    service: 'knowledge',
    method: 'get',
    path: '/api/knowledge/documents/{document}/original',
    right: DOCUMENT_RIGHTS.download,
    summary: 'A document’s bytes as they were brought',
    status: 200,
    answers: '*/*',
  },
  {
    service: 'city',
    method: 'post',
    path: '/api/city/imports',
    right: TRANSFER_RIGHTS.open,
    summary:
      'Take in an export of Slack, Mattermost or Telegram (a ZIP, JSON or JSON lines) in the background; operators alone',
    form: [],
    status: 202,
    answers: Import,
  },
  {
    service: 'city',
    method: 'get',
    path: '/api/city/live',
    right: cityContract.messages.right,
    summary: 'A WebSocket of what happens in rooms; JSON frames',
    status: 101,
    answers: 'application/json',
  },
  {
    service: 'agents',
    method: 'get',
    path: '/api/agents/runs/{run}/events',
    right: agentsContract.run.right,
    summary: 'A run as it goes, from a place in its text on or after Last-Event-ID: step, delta, done',
    query: ['offset'],
    status: 200,
    answers: 'text/event-stream',
  },
  {
    service: 'agents',
    method: 'post',
    path: '/mcp',
    right: MCP_RIGHT,
    summary: 'The city as a server of the Model Context Protocol (streamable HTTP)',
    foreign: true,
    status: 200,
    answers: '*/*',
  },
  {
    service: 'multimodal-gateway',
    method: 'post',
    path: '/v1/audio/transcriptions',
    right: DOOR_RIGHTS.audio,
    summary:
      'What is said in a recording, in OpenAI’s shapes: json, text, srt, vtt, verbose_json, diarized_json, or as it is heard (stream)',
    form: [
      'source',
      'model',
      'language',
      'prompt',
      'response_format',
      'timestamp_granularities[]',
      'stream',
      'webhook',
    ],
    status: 200,
    answers: z.looseObject({ text: z.string() }),
    jobs: true,
  },
  {
    service: 'multimodal-gateway',
    method: 'post',
    path: '/v1/audio/translations',
    right: DOOR_RIGHTS.audio,
    summary: 'What is said in a recording, in English, in OpenAI’s shapes',
    form: ['source', 'model', 'prompt', 'response_format', 'timestamp_granularities[]', 'stream', 'webhook'],
    status: 200,
    answers: z.looseObject({ text: z.string() }),
    jobs: true,
  },
  {
    service: 'multimodal-gateway',
    method: 'post',
    path: '/v1/audio/speech',
    right: DOOR_RIGHTS.speech,
    summary: 'A text, spoken, in OpenAI’s shape',
    body: z.object({
      input: z.string(),
      model: z.string().optional(),
      voice: z.string().optional(),
      response_format: z.enum(['mp3', 'opus', 'aac', 'flac', 'wav', 'pcm']).optional(),
      speed: z.number().optional(),
      stream_format: z.enum(['audio', 'sse']).optional(),
      language: z.string().optional(),
      webhook: z.string().optional(),
    }),
    status: 200,
    answers: 'audio/*',
    jobs: true,
  },
  {
    service: 'multimodal-gateway',
    method: 'get',
    path: '/api/multimodal/jobs/{job}/events',
    right: jobOperations.job.right,
    summary: 'A job of one’s own as it goes; goes on after Last-Event-ID',
    status: 200,
    answers: 'text/event-stream',
  },
  {
    service: 'multimodal-gateway',
    method: 'get',
    path: '/api/multimodal/jobs/{job}/result',
    right: jobOperations.job.right,
    summary: 'What the door of a job would have answered',
    status: 200,
    answers: '*/*',
  },
]
