import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { apiDocument } from '../src/compose/api-document.ts'
import { CONTRACTS } from '../src/compose/contracts.ts'
import { OTHER_ROUTES } from '../src/compose/other-routes.ts'
import { VARIABLES } from '../src/config.ts'
import { gatewayError } from '../src/services/multimodal-gateway/multimodal-gateway.errors.ts'

const root = resolve(import.meta.dirname, '..')
const spec = readFileSync(join(root, 'docs/MULTIMODAL_API_SPEC.md'), 'utf8')
const { paths } = apiDocument('0', ['multimodal-gateway'])
/** What the specification tells of, but the models of the machine. */
const described = Object.entries(paths).flatMap(([path, methods]) =>
  path.startsWith('/api/models')
    ? []
    : Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
)

test('every door of the specification is in the OpenAPI document, and the other way round', () => {
  const told = [...spec.matchAll(/`((?:GET|POST|PUT|DELETE) \/[^`]+)`/g)].map(([, line]) => line)
  expect(new Set(told)).toEqual(new Set(described))
})

test('its rights, codes and variables are the real ones', () => {
  const rights = [
    ...Object.values(CONTRACTS['multimodal-gateway']).map(({ right }) => right),
    ...OTHER_ROUTES.map(({ right }) => right),
  ] as string[]
  for (const [, right = ''] of spec.matchAll(/`(multimodal-gateway\.[a-z.]+)`/g))
    expect(rights).toContain(right)
  for (const [, code = ''] of spec.matchAll(/`(gateway\.[a-z_]+)`/g))
    expect(Object.keys(gatewayError.entries)).toContain(code)
  for (const [, name = ''] of spec.matchAll(/`([A-Z][A-Z]+_[A-Z_]+)/g))
    if (!name.startsWith('PEER_')) expect(Object.keys(VARIABLES)).toContain(name)
})

test('doors of files take forms and JSON, and those that give jobs say so', () => {
  for (const path of ['/api/multimodal/ocr', '/api/multimodal/describe', '/api/multimodal/parse']) {
    const op = paths[path]?.post as { requestBody: { content: object }; responses: object }
    expect(Object.keys(op.requestBody.content)).toEqual(['application/json', 'multipart/form-data'])
  }
  const jobs = Object.entries(paths)
    .filter(([, { post }]) => Object.keys((post as { responses?: object })?.responses ?? {}).includes('202'))
    .map(([path]) => path)
    .filter((path) => !path.startsWith('/api/models'))
  expect(jobs.sort()).toEqual([
    '/api/multimodal/describe',
    '/api/multimodal/ocr',
    '/api/multimodal/parse',
    '/api/multimodal/read',
    '/v1/audio/speech',
    '/v1/audio/transcriptions',
    '/v1/audio/translations',
  ])
})
