import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { insideAddresses } from '../../../test/kit/inside-addresses.ts'
import { createPageReader } from '../../engines/reader/page-reader.ts'
import { systemClock } from '../../kernel/clock.ts'
import { Scope } from '../../kernel/scope.ts'
import { createSafeFetch, type SafeFetch } from '../../platform/fetch/fetch.ts'
import { ground, type House, openHouse, parser, until } from './gateway.fixture.ts'

/** Stands where nobody may come. */
let hits = 0
const canary = createServer((_, response) => {
  hits += 1
  response.end('a secret of the inside')
})
const scope = new Scope()
const tried: string[] = []
let house: House
let at = 0

beforeAll(async () => {
  await new Promise<void>((ready) => canary.listen(0, '127.0.0.1', ready))
  at = (canary.address() as AddressInfo).port
  // Every name is one of the inside.
  const guarded = createSafeFetch({
    ports: [80, 443, at],
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  })
  const open: SafeFetch = async (address, options) => {
    tried.push(address)
    return await guarded(address, options)
  }
  const reader = createPageReader({ open, parser: parser([]), clock: systemClock })
  house = await openHouse(scope, await ground(scope), { open, reader: [reader] })
}, 60_000)
afterAll(async () => {
  await scope[Symbol.asyncDispose]()
  canary.closeAllConnections()
  canary.close()
})

const CODES =
  /^(?:input\.invalid|fetch\.(?:url_invalid|not_public|port_refused)|reader\.[a-z_]+|gateway\.bad_source)$/

const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
  const answer = await fetch(`${house.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  const { error } = (await answer.json()) as { error?: { code: string } }
  return { status: answer.status, code: error?.code }
}

it('every door that takes an address refuses those of the inside with a code, however they are written', async () => {
  const addresses = insideAddresses(at)
  expect(addresses.length).toBeGreaterThanOrEqual(80)
  const doors: readonly (readonly [path: string, input: (address: string) => object])[] = [
    ['/api/multimodal/read', (url) => ({ url })],
    ...[
      '/api/multimodal/ocr',
      '/api/multimodal/describe',
      '/api/multimodal/parse',
      '/v1/audio/transcriptions',
      '/v1/audio/translations',
    ].map((path) => [path, (source: string) => ({ source })] as const),
  ]
  const answers = await Promise.all(
    doors.flatMap(([path, input]) =>
      addresses.map(async (address) => ({ path, address, ...(await post(path, input(address))) })),
    ),
  )
  for (const { address, code, path, status } of answers)
    expect({ path, address, status, code }).toEqual({
      path,
      address,
      status: expect.toSatisfy((of: number) => of >= 400 && of < 500),
      code: expect.stringMatching(CODES),
    })
  // Most of them are well-formed, so that it was the guard that refused.
  expect(tried.length).toBeGreaterThan(doors.length * 60)
  expect(hits).toBe(0)
}, 120_000)

it('a webhook is never sent to the inside: such an address is refused, or counts as gone', async () => {
  const before = tried.length
  const source = `data:image/png;base64,${Buffer.from('\x89PNG\r\n\x1a\nx', 'latin1').toString('base64')}`
  const wanted = { prefer: 'respond-async' }
  const answers = await Promise.all(
    insideAddresses(at).map((webhook) => post('/api/multimodal/ocr', { source, webhook }, wanted)),
  )
  const taken = answers.filter(({ status }) => status < 300).length
  for (const { code, status } of answers)
    if (status >= 300) {
      expect(status).toBeGreaterThanOrEqual(400)
      expect(status).toBeLessThan(500)
      expect(code).toMatch(/^(?:input\.invalid|fetch\.[a-z_]+|gateway\.(?:busy|too_many_jobs))$/)
    }
  // Each that was taken is tried once, and no more.
  await until(() => tried.length - before >= taken)
  expect(taken).toBeGreaterThan(10)
  expect(hits).toBe(0)
}, 120_000)
