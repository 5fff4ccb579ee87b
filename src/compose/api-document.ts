import { z } from 'zod'
import type { ServiceName } from '../config.ts'
import { ErrorBody } from '../kernel/errors.ts'
import { openapi } from '../kernel/openapi.ts'
import { OpenAiError } from '../platform/http/openai-error.ts'
import { MessagesError } from '../services/llm-proxy/llm-proxy.contract.ts'
import { Job } from '../services/multimodal-gateway/jobs.contract.ts'
import { CONTRACTS } from './contracts.ts'
import { OTHER_ROUTES, type OtherRoute } from './other-routes.ts'

/** The OpenAPI document of these services: the operations of their contracts, and their routes for files, sockets and streams. */
export function apiDocument(version: string, services: readonly ServiceName[]) {
  const contracts = Object.fromEntries(services.map((name) => [name, CONTRACTS[name]]))
  const document = openapi('DAARION', version, contracts)
  const paths: Record<string, Record<string, unknown>> = { ...document.paths }
  for (const [path, method, as, also] of ANSWERED_TWICE) {
    const { [path]: { [method]: op } = {} } = document.paths
    const { responses } = (op ?? { responses: {} }) as { responses: Record<string, unknown> }
    if (op) responses[also] = responses[as]
  }
  for (const path of ALSO_BY_FORM) {
    const { [path]: { post } = {} } = document.paths
    if (post) byForm(post as Described)
  }
  for (const path of ALSO_AS_JOBS) {
    const { [path]: { post } = {} } = document.paths
    if (post) asJob(post as Described)
  }
  for (const route of OTHER_ROUTES)
    if (services.includes(route.service) && !route.foreign)
      paths[route.path] = { ...paths[route.path], [route.method]: describe(route) }
  for (const [path, method, type] of ALSO_AS) {
    const { [path]: { [method]: op } = {} } = document.paths
    const { content } = (op as Described | undefined)?.responses[200] ?? {}
    if (content) content[type] = {}
  }
  const schemas = Object.fromEntries(
    Object.entries(ERRORS).map(([name, schema]) => [name, z.toJSONSchema(schema)]),
  )
  const components = { ...document.components, schemas: { ...document.components.schemas, ...schemas } }
  return { ...document, paths: withErrors(paths), components }
}

/** Operations whose own route answers with a second status: who signs up by asking waits. */
const ANSWERED_TWICE = [['/api/auth/sign-up', 'post', '201', '202']] as const

/** Operations whose own route takes the file as multipart/form-data too, the other fields beside it. */
const ALSO_BY_FORM = ['/api/multimodal/ocr', '/api/multimodal/describe', '/api/multimodal/parse'] as const
/** Operations that answer 202 with a job where `Prefer: respond-async` asks for it. */
const ALSO_AS_JOBS = [...ALSO_BY_FORM, '/api/multimodal/read'] as const

/** Operations that answer in another type too, where it is asked for. */
const ALSO_AS = [['/api/llm/usage', 'get', 'text/csv']] as const

interface Described {
  parameters: object[]
  requestBody: { content: Record<string, { schema: { properties: Record<string, object> } }> }
  responses: Record<string, { description: string; content?: Record<string, object> }>
}

function byForm({ requestBody: { content } }: Described): void {
  const { properties = {} } = content['application/json']?.schema ?? {}
  const file = { type: 'string', format: 'binary' }
  content['multipart/form-data'] = { schema: { ...OBJECT, properties: { file, ...properties } } }
}

function asJob({ parameters, responses }: Described): void {
  parameters.push(PREFER)
  responses[202] = ACCEPTED
}

const OBJECT = { type: 'object' }
const PREFER = {
  name: 'prefer',
  in: 'header',
  required: false,
  description: '`respond-async` for a job; with `wait=5`, the result where it is there within five seconds',
  schema: { type: 'string' },
}
const ACCEPTED = {
  description: 'A job; `location` says where it is',
  content: { 'application/json': { schema: z.toJSONSchema(Job) } },
}

/** Shapes of failures that other people's clients read. */
const ERRORS = {
  OpenAiError,
  MessagesError,
  RouterError: ErrorBody.extend({ ok: z.literal(false).optional() }),
}

/** In which of them a path fails: all under `/v1` in OpenAI's, but for the one that is Anthropic's; the routers in v1's envelope where v1's form asked. */
function errorOf(path: string): keyof typeof ERRORS | null {
  if (path === '/v1/messages') return 'MessagesError'
  if (path.startsWith('/v1/')) return 'OpenAiError'
  return /^\/api\/(router\/v[12]\/)?route$/.test(path) ? 'RouterError' : null
}

function withErrors(paths: Record<string, Record<string, unknown>>) {
  const ref = (name: string) => JSON.stringify(`#/components/schemas/${name}`)
  return Object.fromEntries(
    Object.entries(paths).map(([path, methods]) => {
      const error = errorOf(path)
      const as = (name: string) => JSON.parse(JSON.stringify(methods).replaceAll(ref('Error'), ref(name)))
      return [path, error ? as(error) : methods]
    }),
  )
}

function describe(route: OtherRoute) {
  const { service, path, summary, query = [], form, jobs, status, answers } = route
  const text = { type: 'string' }
  const parameters: object[] = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: text,
    })),
    ...query.map((name) => ({ name, in: 'query', required: false, schema: text })),
    ...(jobs ? [PREFER] : []),
  ]
  const fields = form && [['file', { type: 'string', format: 'binary' }], ...form.map((name) => [name, text])]
  // A route that takes a source does without a file.
  const required = form?.includes('source') ? [] : ['file']
  const body = fields
    ? {
        content: {
          'multipart/form-data': {
            schema: { type: 'object', properties: Object.fromEntries(fields), required },
          },
        },
      }
    : route.body && { content: { 'application/json': { schema: z.toJSONSchema(route.body) } } }
  const content =
    typeof answers === 'string'
      ? { [answers]: {} }
      : { 'application/json': { schema: z.toJSONSchema(answers) } }
  const error = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } }
  return {
    tags: [service],
    summary,
    parameters,
    ...(body && { requestBody: { required: true, ...body } }),
    responses: {
      [status]: { description: 'Done', content },
      ...(jobs && { 202: ACCEPTED }),
      default: { description: 'A failure', content: error },
    },
    security: [{ bearer: [] }],
  }
}
