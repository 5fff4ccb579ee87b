import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type TestEvents, testDatabase, testEvents } from '../../../test/kit/database.ts'
import { insideAddresses } from '../../../test/kit/inside-addresses.ts'
import { createNgrams } from '../../engines/embeddings/ngrams.ts'
import { createFakeParser } from '../../engines/parser/fake.ts'
import { createPageReader } from '../../engines/reader/page-reader.ts'
import { local } from '../../kernel/client.ts'
import { systemClock } from '../../kernel/clock.ts'
import type { Client } from '../../kernel/contract.ts'
import { AppError } from '../../kernel/errors.ts'
import { createIds } from '../../kernel/ids.ts'
import type { Principal } from '../../kernel/principal.ts'
import { Scope } from '../../kernel/scope.ts'
import { createSafeFetch } from '../../platform/fetch/fetch.ts'
import { openDisk } from '../../platform/files/disk.ts'
import type { cityContract } from '../city/city.contract.ts'
import { knowledgeContract } from './knowledge.contract.ts'
import { createKnowledge } from './knowledge.ts'

const OLENA: Principal = { id: 'person_1', kind: 'person', name: 'Олена', role: 'resident' }
const CODES = /^(?:input\.invalid|fetch\.(?:url_invalid|not_public|port_refused)|reader\.[a-z_]+)$/

/** Stands where nobody may come. */
let hits = 0
const canary = createServer((_, response) => {
  hits += 1
  response.end('a secret of the inside')
})
const scope = new Scope()
let knowledge: Client<typeof knowledgeContract>
let events: TestEvents
let at = 0

beforeAll(async () => {
  await new Promise<void>((ready) => canary.listen(0, '127.0.0.1', ready))
  at = (canary.address() as AddressInfo).port
  const db = await testDatabase()
  scope.defer(() => db[Symbol.asyncDispose]())
  const folder = await mkdtemp(join(tmpdir(), 'knowledge-inside-'))
  scope.defer(() => rm(folder, { recursive: true, force: true }))
  const files = await openDisk({ folder })
  scope.defer(() => files[Symbol.asyncDispose]())
  events = testEvents(db)
  // Every name is one of the inside.
  const open = createSafeFetch({
    ports: [80, 443, at],
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  })
  const parser = createFakeParser()
  const service = createKnowledge({
    db,
    events,
    files,
    own: files,
    openLink: open,
    parser,
    reader: [createPageReader({ open, parser, clock: systemClock })],
    ocr: [],
    embeddings: async () => createNgrams(),
    // Collections of one's own ask the city for nothing.
    city: { readable: async () => ({ rooms: [] }) } as unknown as Client<typeof cityContract>,
    clock: systemClock,
    ids: createIds(systemClock),
  })
  knowledge = local(knowledgeContract, service.handlers, 'test')
  await events.start()
  scope.defer(() => events.stop())
}, 90_000)
afterAll(async () => {
  await scope[Symbol.asyncDispose]()
  canary.closeAllConnections()
  canary.close()
})

it.each(['page', 'site'] as const)(
  'an address inside is never read as a %s: it is refused, or its reading fails with the reason',
  async (kind) => {
    const as = { principal: OLENA }
    const addresses = insideAddresses(at)
    expect(addresses.length).toBeGreaterThanOrEqual(80)
    let refused = 0
    const collections: string[] = []
    for (const [i, url] of addresses.entries()) {
      if (i % 20 === 0) collections.push((await knowledge.makeCollection({ name: `${kind} ${i}` }, as)).id)
      try {
        await knowledge.addSource({ collection: collections.at(-1) ?? '', url, kind }, as)
      } catch (failure) {
        const { code, kind: of } = AppError.from(failure)
        expect([url, of, code]).toEqual([url, expect.stringMatching(/^(?:invalid|conflict)$/), code])
        refused += 1
      }
    }
    await events.settled(60_000)
    let failed = 0
    for (const collection of collections)
      for (const { error, state, url } of (await knowledge.sources({ collection }, as)).items) {
        expect([url, state, error?.code]).toEqual([url, 'failed', expect.stringMatching(CODES)])
        failed += 1
      }
    expect(refused + failed).toBe(addresses.length)
    expect(failed).toBeGreaterThan(60)
    expect(hits).toBe(0)
  },
  120_000,
)
