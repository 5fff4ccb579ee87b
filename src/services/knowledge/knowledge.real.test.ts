import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testDatabase, testEvents } from '../../../test/kit/database.ts'
import { createE5 } from '../../engines/embeddings/e5.ts'
import { createNgrams } from '../../engines/embeddings/ngrams.ts'
import { createModels } from '../../engines/models/models.ts'
import { createTesseractOcr } from '../../engines/ocr/tesseract.ts'
import { createLocalParser } from '../../engines/parser/local.ts'
import { local } from '../../kernel/client.ts'
import { systemClock } from '../../kernel/clock.ts'
import type { Client } from '../../kernel/contract.ts'
import { createIds } from '../../kernel/ids.ts'
import type { Principal } from '../../kernel/principal.ts'
import { Scope } from '../../kernel/scope.ts'
import { openDisk } from '../../platform/files/disk.ts'
import type { cityContract } from '../city/city.contract.ts'
import { partAdded } from '../city/city.events.ts'
import type { PartOutcome } from '../city/messages.contract.ts'
import { knowledgeContract } from './knowledge.contract.ts'
import { documentProcessed } from './knowledge.events.ts'
import { createKnowledge } from './knowledge.ts'
import { findQuote } from './quote.ts'

const { FIXTURES_DIR, MODELS_DIR } = process.env
const PERSON: Principal = { id: 'person_1', kind: 'person', name: 'Олена', role: 'resident' }
// The service asks the city for nothing else.
const city = { readable: async ({ rooms }: { rooms: string[] }) => ({ rooms }) } as unknown as Client<
  typeof cityContract
>

/** Made by foreign programs; with how many pages each has, and how many of them are empty or cannot be read. */
const OWN = join(import.meta.dirname, '../../../test/fixtures/documents')
const OF_EACH_KIND: Readonly<Record<string, readonly [total: number, empty: number, failed: number]>> = {
  'report.pdf': [2, 0, 0],
  'statute.docx': [1, 0, 0],
  'statute.odt': [1, 0, 0],
  'statute.rtf': [1, 0, 0],
  'statute.html': [1, 0, 0],
  'book.epub': [2, 0, 0],
  'talk.pptx': [3, 1, 0],
  'talk.odp': [3, 1, 0],
  'budget.xlsx': [3, 1, 0],
  'budget.ods': [3, 1, 0],
  'table.csv': [1, 0, 0],
  'letter.eml': [5, 1, 0],
  'letters.mbox': [2, 0, 0],
  'papers.zip': [7, 1, 1],
}

describe.skipIf(!FIXTURES_DIR)('real documents through the real engines', () => {
  const scope = new Scope()
  const outcomes = new Map<string, PartOutcome>()
  let knowledge: Client<typeof knowledgeContract>

  beforeAll(async () => {
    const db = await testDatabase()
    scope.defer(() => db[Symbol.asyncDispose]())
    const folder = await mkdtemp(join(tmpdir(), 'knowledge-real-'))
    scope.defer(() => rm(folder, { recursive: true, force: true }))
    const files = await openDisk({ folder })
    const events = testEvents(db)
    const parser = createLocalParser({ clock: systemClock })
    const ocr = createTesseractOcr({ clock: systemClock })
    scope.defer(() => Promise.all([parser.close(), ocr.close()]))
    const e5 = MODELS_DIR
      ? createE5({ models: createModels({ dir: MODELS_DIR, clock: systemClock }), clock: systemClock })
      : undefined
    scope.defer(() => e5?.close())
    scope.defer(() => events.stop())
    const embeddings = e5 ?? createNgrams()
    const service = createKnowledge({
      db,
      events,
      files,
      own: files,
      openLink: () => Promise.reject(new Error('no internet here')),
      parser,
      ocr: [ocr],
      embeddings: async () => embeddings,
      city,
      clock: systemClock,
      ids: createIds(systemClock),
    })
    knowledge = local(knowledgeContract, service.handlers, 'test')
    events.consume({
      name: 'test.outcomes',
      db: db.kysely,
      types: [documentProcessed],
      handle: async ({ data }) => void outcomes.set(data.message, data.outcome),
    })
    await events.start()
    const author = { id: PERSON.id, kind: PERSON.kind, name: PERSON.name }
    const papers = ['tracemonkey.pdf', 'scan-bad.pdf'].map((name) =>
      join(FIXTURES_DIR ?? '', 'documents', name),
    )
    for (const path of [...papers, ...Object.keys(OF_EACH_KIND).map((name) => join(OWN, name))]) {
      const name = basename(path)
      const bytes = await readFile(path)
      const { sha256, sizeBytes } = await files.put(Readable.from([bytes]), { maxBytes: 1e8 })
      const file = { id: `file_${name}`, name, mime: '', sizeBytes, sha256 }
      const data = {
        room: 'room_1',
        message: name,
        index: 0,
        attempt: 1,
        type: 'file' as const,
        file,
        author,
      }
      await db.kysely
        .transaction()
        .execute((tx) => events.append(tx, { type: partAdded, principal: PERSON.id, data }))
    }
    await events.settled(160_000)
  }, 180_000)
  afterAll(() => scope[Symbol.asyncDispose]())

  it('a paper of 14 pages is read whole', () => {
    expect(outcomes.get('tracemonkey.pdf')?.document?.pages).toEqual({
      read: 14,
      ocr: 0,
      empty: 0,
      failed: 0,
      total: 14,
    })
  })

  it.each(Object.entries(OF_EACH_KIND))('%s: every page is in the ledger', (name, [total, empty, failed]) => {
    const read = total - empty - failed
    expect(outcomes.get(name)?.document?.pages).toEqual({ read, ocr: 0, empty, failed, total })
  })

  it('a damaged scan is counted page by page, whatever comes of it', () => {
    const { read, ocr, empty, failed, total } = outcomes.get('scan-bad.pdf')?.document?.pages ?? {}
    expect(total).toBeGreaterThan(0)
    expect((read ?? 0) + (ocr ?? 0) + (empty ?? 0) + (failed ?? 0)).toBe(total)
  })

  it('a question finds its page, and every passage stands on the page it names', async () => {
    const document = outcomes.get('tracemonkey.pdf')?.document?.id ?? ''
    const ask = (query: string) =>
      knowledge.search({ query, rooms: ['room_1'], limit: 6 }, { principal: PERSON })
    const trees = await ask('How are trace trees formed and extended with branch traces?')
    // "3.2 Trace Trees" and the overview of them.
    expect(trees.items.slice(0, 3).some(({ page }) => [2, 4, 5].includes(page))).toBe(true)
    for (const item of trees.items.filter((one) => one.document === document)) {
      const page = await knowledge.page({ document, page: item.page }, { principal: PERSON })
      expect(findQuote(page.text, item.text)).not.toBeNull()
    }
    const suite = await ask('SunSpider benchmark speedup')
    expect(suite.items[0]?.document).toBe(document)
  })

  it.skipIf(!MODELS_DIR)('a Ukrainian question finds its English page by meaning', async () => {
    const found = await knowledge.search(
      { query: 'Які мови називають динамічними і чому їх важко компілювати?', rooms: ['room_1'], limit: 5 },
      { principal: PERSON },
    )
    expect(found.engine).toContain('e5')
    expect(found.items.some(({ page }) => page === 1)).toBe(true)
  })
})
