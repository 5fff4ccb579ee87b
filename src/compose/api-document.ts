import { z } from 'zod'
import type { ServiceName } from '../config.ts'
import { openapi } from '../kernel/openapi.ts'
import { OpenAiError } from '../platform/http/openai-error.ts'
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
  for (const route of OTHER_ROUTES)
    if (services.includes(route.service))
      paths[route.path] = { ...paths[route.path], [route.method]: describe(route) }
  const schemas = { ...document.components.schemas, OpenAiError: z.toJSONSchema(OpenAiError) }
  return { ...document, paths: inOpenAiShape(paths), components: { ...document.components, schemas } }
}

/** Operations whose own route answers with a second status: who signs up by asking waits. */
const ANSWERED_TWICE = [['/api/auth/sign-up', 'post', '201', '202']] as const

/** What stands under `/v1` fails in the shape that OpenAI's clients read. */
function inOpenAiShape(paths: Record<string, Record<string, unknown>>) {
  const ours = JSON.stringify('#/components/schemas/Error')
  const theirs = JSON.stringify('#/components/schemas/OpenAiError')
  return Object.fromEntries(
    Object.entries(paths).map(([path, methods]) => [
      path,
      path.startsWith('/v1/') ? JSON.parse(JSON.stringify(methods).replaceAll(ours, theirs)) : methods,
    ]),
  )
}

function describe({ service, path, summary, query = [], form, status, answers }: OtherRoute) {
  const text = { type: 'string' }
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: text,
    })),
    ...query.map((name) => ({ name, in: 'query', required: false, schema: text })),
  ]
  const fields = form && [['file', { type: 'string', format: 'binary' }], ...form.map((name) => [name, text])]
  const body = fields && {
    content: {
      'multipart/form-data': {
        schema: { type: 'object', properties: Object.fromEntries(fields), required: ['file'] },
      },
    },
  }
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
      default: { description: 'A failure', content: error },
    },
    security: [{ bearer: [] }],
  }
}
