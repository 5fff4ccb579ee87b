import { z } from 'zod'
import { type Contract, hasBody, type Operation, pathKeys } from './contract.ts'
import { ErrorBody, type ErrorKind, statusOf } from './errors.ts'

type ObjectSchema = { properties?: Record<string, unknown>; required?: string[] }

/** The OpenAPI 3.1 document of a set of contracts, keyed by the tag to show them under. */
export function openapi(title: string, version: string, contracts: Readonly<Record<string, Contract>>) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const [tag, contract] of Object.entries(contracts))
    for (const [name, op] of Object.entries(contract)) {
      const path = op.path.replace(/:(\w+)/g, '{$1}')
      paths[path] = { ...paths[path], [op.method.toLowerCase()]: describe(`${tag}.${name}`, tag, op) }
    }
  const securitySchemes = { bearer: { type: 'http', scheme: 'bearer' } }
  const components = { securitySchemes, schemas: { Error: z.toJSONSchema(ErrorBody) } }
  return { openapi: '3.1.0', info: { title, version }, paths, components }
}

function describe(operationId: string, tag: string, op: Operation) {
  // zod renders an object schema as an object schema.
  const { properties = {}, required = [] } = schemaOf(op.input, 'input') as ObjectSchema
  const inPath = pathKeys(op)
  const inBody = hasBody(op) ? Object.keys(properties).filter((key) => !inPath.includes(key)) : []
  const parameters = Object.entries(properties)
    .filter(([key]) => !inBody.includes(key))
    .map(([key, schema]) => {
      const place = inPath.includes(key) ? 'path' : 'query'
      return { name: key, in: place, required: place === 'path' || required.includes(key), schema }
    })
  const failed = json({ $ref: '#/components/schemas/Error' })
  const refusals = failures(op).map((kind) => [statusOf(kind), { description: kind, content: failed }])
  const fields = Object.fromEntries(inBody.map((key) => [key, properties[key]]))
  const body = { type: 'object', properties: fields, required: required.filter((key) => key in fields) }
  return {
    tags: [tag],
    operationId,
    summary: op.summary,
    parameters,
    ...(inBody.length > 0 && { requestBody: { required: true, content: json(body) } }),
    responses: {
      [op.status]: { description: 'Done', content: json(schemaOf(op.output, 'output')) },
      ...Object.fromEntries(refusals),
    },
    security: op.access === 'public' ? [] : [{ bearer: [] }],
  }
}

/** The kinds of failure an operation can answer with: what its shape implies, and what it names. */
function failures(op: Operation): ErrorKind[] {
  const implied: ErrorKind[] = ['internal']
  if (Object.keys(op.input.shape).length > 0) implied.push('invalid')
  if (op.access !== 'public') implied.push('unauthenticated', 'forbidden')
  if (op.access === 'service' || pathKeys(op).length > 0) implied.push('not_found')
  return [...new Set([...implied, ...op.errors])]
}

const schemaOf = (schema: z.ZodType, io: 'input' | 'output') =>
  z.toJSONSchema(schema, { io, unrepresentable: 'any' })
const json = (schema: unknown) => ({ 'application/json': { schema } })
