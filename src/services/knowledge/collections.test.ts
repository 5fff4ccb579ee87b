import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import multipart from '@fastify/multipart'
import fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { handClock } from '../../../test/kit/clock.ts'
import { type TestEvents, testDatabase, testEvents } from '../../../test/kit/database.ts'
import { createNgrams } from '../../engines/embeddings/ngrams.ts'
import { engineError } from '../../engines/engine.errors.ts'
import type { Parser } from '../../engines/parser/parser.ts'
import { createFakeReader } from '../../engines/reader/fake.ts'
import { lexicalRerank } from '../../engines/rerank/lexical.ts'
import { local } from '../../kernel/client.ts'
import type { CallOptions, Client } from '../../kernel/contract.ts'
import { AppError } from '../../kernel/errors.ts'
import { createIds } from '../../kernel/ids.ts'
import type { Principal } from '../../kernel/principal.ts'
import { Scope } from '../../kernel/scope.ts'
import { openDisk } from '../../platform/files/disk.ts'
import type { cityContract } from '../city/city.contract.ts'
import { cityError } from '../city/city.errors.ts'
import type { Document } from './documents.contract.ts'
import { knowledgeContract } from './knowledge.contract.ts'
import { createKnowledge, type KnowledgeNeeds } from './knowledge.ts'

const OLENA: Principal = { id: 'person_1', kind: 'person', name: 'Олена', role: 'resident' }
const MARKO: Principal = { id: 'person_2', kind: 'person', name: 'Марко', role: 'resident' }
const OWNER: Principal = { id: 'person_3', kind: 'person', name: 'Власниця', role: 'owner' }
const as = (principal: Principal): CallOptions => ({ principal })

/** Texts as they come; `pages` are parted by a form feed, and one called "broken" cannot be opened. */
const parser: Parser = {
  name: 'lines',
  async parse(file, { onPage, skip }) {
    const text = 'path' in file && file.path ? await readFile(file.path, 'utf8') : ''
    if (text.startsWith('broken')) throw engineError('file.unreadable')
    const pages = text.split('\f')
    for (const [i, words] of pages.entries()) {
      if (skip?.has(i + 1)) continue
      const place = { kind: 'sheet' as const, label: `Аркуш ${i + 1}` }
      if (words === 'unread')
        await onPage({ number: i + 1, state: 'failed', text: '', error: 'page.failed' }, pages.length)
      else await onPage({ number: i + 1, state: 'read', text: words, place }, pages.length)
    }
    return { title: '', total: pages.length, engine: 'lines/1' }
  },
}

let scope: Scope
let members: Set<string>
let house: Awaited<ReturnType<typeof open>>
const clock = handClock()

/** A city of one room, which Olena keeps and its members read. */
const city = {
  readable: async ({ rooms }: { rooms: string[] }, { principal }: CallOptions = {}) => ({
    rooms: rooms.filter((room) => room === 'room_1' && members.has(principal?.id ?? '')),
  }),
  async room({ room }: { room: string }, { principal }: CallOptions = {}) {
    if (!members.has(principal?.id ?? '')) throw cityError('city.room_not_found')
    const membership = principal?.id === OLENA.id ? 'owner' : 'member'
    return { id: room, visibility: 'private', archivedAt: null, membership }
  },
  // The service asks for nothing else.
} as unknown as Client<typeof cityContract>

async function open(needs: Partial<KnowledgeNeeds> = {}) {
  const db = await testDatabase()
  scope.defer(() => db[Symbol.asyncDispose]())
  const folder = await mkdtemp(join(tmpdir(), 'collections-'))
  scope.defer(() => rm(folder, { recursive: true, force: true }))
  const [files, own] = [
    await openDisk({ folder: join(folder, 'city') }),
    await openDisk({ folder: join(folder, 'own') }),
  ]
  const events: TestEvents = testEvents(db, clock)
  const reads = { pages: {} as Record<string, { title: string; markdown: string }> }
  const maps: Record<string, string> = {}
  const service = createKnowledge({
    db,
    events,
    files,
    own,
    parser,
    ocr: [],
    embeddings: async () => createNgrams(),
    rerank: [lexicalRerank],
    reader: [createFakeReader(reads)],
    async openLink(url) {
      const text = maps[url]
      const about = { url, headers: {}, mime: 'text/xml', bytes: new TextEncoder().encode(text ?? '') }
      return { ...about, status: text === undefined ? 404 : 200 }
    },
    city,
    clock,
    ids: createIds(clock),
    ...needs,
  })
  const app = fastify()
  await app.register(multipart)
  app.setErrorHandler((failure, _, reply) =>
    reply.code(AppError.from(failure).status).send(AppError.from(failure).toJSON()),
  )
  let who = OLENA
  service.routes?.(app, async () => ({ principal: who, service: null, credential: null }))
  scope.defer(() => app.close())
  await events.start()
  scope.defer(() => events.stop())
  const settled = () => events.settled(20_000)
  return {
    events,
    settled,
    own,
    pages: reads.pages,
    maps,
    knowledge: local(knowledgeContract, service.handlers, 'test'),
    async upload(principal: Principal, collection: string, name: string, text: string) {
      who = principal
      const form = new FormData()
      form.set('file', new Blob([text]), name)
      const { body, headers } = await encoded(form)
      const url = `/api/knowledge/collections/${collection}/documents`
      const response = await app.inject({ method: 'POST', url, payload: body, headers })
      await settled()
      return { status: response.statusCode, document: response.json() as Document }
    },
    async original(principal: Principal, document: string) {
      who = principal
      return await app.inject({ url: `/api/knowledge/documents/${document}/original` })
    },
  }
}

const encoded = async (form: FormData) => {
  const request = new Request('http://city.invalid', { method: 'POST', body: form })
  const type = request.headers.get('content-type') ?? ''
  return { body: Buffer.from(await request.arrayBuffer()), headers: { 'content-type': type } }
}
const codeOf = async (work: Promise<unknown>) =>
  AppError.from(
    await work.then(
      () => null,
      (cause: unknown) => cause,
    ),
  ).code

beforeAll(async () => {
  scope = new Scope()
  members = new Set([OLENA.id, MARKO.id])
  house = await open()
}, 60_000)
afterAll(() => scope[Symbol.asyncDispose]())

describe('collections', () => {
  it('are their owner’s alone; a room’s is its members’, and whoever left finds nothing from the next query on', async () => {
    const { knowledge, upload, original } = house
    const mine = await knowledge.makeCollection({ name: 'Мої папери' }, as(OLENA))
    const ours = await knowledge.makeCollection({ name: 'Правління', room: 'room_1' }, as(OLENA))
    expect(await codeOf(knowledge.makeCollection({ name: 'Ще', room: 'room_1' }, as(OLENA)))).toBe(
      'knowledge.collection_exists',
    )
    const secret = await upload(OLENA, mine.id, 'таємниця.txt', 'Ключ від водогону лежить під каменем.')
    const shared = await upload(MARKO, ours.id, 'наказ.txt', 'Водогін ремонтує Марко у вівторок.')
    expect([secret.status, shared.status]).toEqual([201, 201])
    const found = async (who: Principal, where: object = {}) =>
      (await knowledge.search({ query: 'водогін', ...where }, as(who))).items
        .map(({ document }) => document)
        .sort()
    expect(await found(OLENA)).toEqual([secret.document.id, shared.document.id].sort())
    expect(await found(MARKO)).toEqual([shared.document.id])
    expect(await found(MARKO, { collections: [mine.id, ours.id] })).toEqual([shared.document.id])
    expect(await found(OWNER, { collections: [mine.id, ours.id] })).toEqual([])
    // Hidden things answer as what is not there.
    const missing = `col_${'0'.repeat(26)}`
    expect(await codeOf(knowledge.collection({ collection: mine.id }, as(MARKO)))).toBe(
      'knowledge.collection_not_found',
    )
    expect(await codeOf(knowledge.collection({ collection: missing }, as(MARKO)))).toBe(
      'knowledge.collection_not_found',
    )
    expect((await upload(MARKO, mine.id, 'x.txt', 'x')).status).toBe(404)
    expect((await original(MARKO, secret.document.id)).statusCode).toBe(404)
    expect((await original(OLENA, secret.document.id)).body).toContain('під каменем')

    members.delete(MARKO.id)
    expect(await found(MARKO)).toEqual([])
    expect(await codeOf(knowledge.removeDocument({ document: shared.document.id }, as(MARKO)))).toBe(
      'knowledge.document_not_found',
    )
    expect(await codeOf(knowledge.removeCollection({ collection: ours.id }, as(OLENA)))).toBe(
      'knowledge.collection_of_room',
    )
    await knowledge.removeCollection({ collection: mine.id }, as(OLENA))
    expect(await found(OLENA)).toEqual([shared.document.id])
    const sha256 = createHash('sha256').update('Ключ від водогону лежить під каменем.').digest('hex')
    expect(await house.own.has(sha256)).toBe(false)
  }, 60_000)

  it('of a community are read by whoever belongs to it and kept by those who keep it, or by the city’s operators', async () => {
    const roles = new Map<string, 'owner' | 'member' | 'guest'>([
      [OLENA.id, 'owner'],
      [MARKO.id, 'member'],
    ])
    const { knowledge, upload } = await open({
      async communities(communities, { principal }) {
        const role = roles.get(principal?.id ?? '')
        return new Map(role && communities.includes('sofia') ? [['sofia', role]] : [])
      },
    })
    const make = (community: string, who: Principal) =>
      knowledge.makeCollection({ name: 'Статут', community }, as(who))
    const ours = await make('sofia', OLENA)
    expect(ours).toMatchObject({ owner: null, room: null, community: 'sofia' })
    expect(await codeOf(make('sofia', MARKO))).toBe('knowledge.may_not_change')
    expect(await codeOf(make('other', MARKO))).toBe('knowledge.collection_not_found')
    expect((await make('other', OWNER)).community).toBe('other')
    const brought = await upload(MARKO, ours.id, 'статут.txt', 'Громада обирає голову щороку.')
    expect(brought.status).toBe(201)
    const found = async (who: Principal) =>
      (await knowledge.search({ query: 'голова громади' }, as(who))).items.map(({ document }) => document)
    expect(await found(OLENA)).toEqual([brought.document.id])
    roles.set(MARKO.id, 'guest')
    expect(await found(MARKO)).toEqual([brought.document.id])
    expect((await upload(MARKO, ours.id, 'ще.txt', 'Ще.')).status).toBe(403)
    roles.delete(MARKO.id)
    expect(await found(MARKO)).toEqual([])
    expect(await codeOf(knowledge.collection({ collection: ours.id }, as(MARKO)))).toBe(
      'knowledge.collection_not_found',
    )
    expect(
      await codeOf(knowledge.makeCollection({ name: 'x', room: 'room_1', community: 'sofia' }, as(OLENA))),
    ).toBe('input.invalid')
    await knowledge.removeCollection({ collection: ours.id }, as(OLENA))
    expect(await found(OLENA)).toEqual([])
  }, 90_000)

  it('keep versions: the newest stands, an older one is found where it is asked for, and a broken one replaces nothing', async () => {
    const { knowledge, upload } = house
    const { id } = await knowledge.makeCollection({ name: 'Папери' }, as(OLENA))
    const first = (await upload(OLENA, id, 'Тариф.txt', 'Тариф на воду десять гривень.')).document
    const again = await upload(OLENA, id, 'копія.txt', 'Тариф на воду десять гривень.')
    expect([again.status, again.document.id]).toEqual([200, first.id])
    const second = (await upload(OLENA, id, 'тариф.txt', 'Тариф на воду двадцять гривень.')).document
    const broken = (await upload(OLENA, id, 'тариф.txt', 'broken')).document
    const found = async (filter?: object) =>
      (
        await knowledge.search(
          { query: 'тариф на воду', collections: [id], ...(filter && { filter }) },
          as(OLENA),
        )
      ).items.map((one) => one.document)
    expect(await found()).toEqual([second.id])
    expect((await found({ older: true })).sort()).toEqual([first.id, second.id].sort())
    expect(await found({ documents: [first.id] })).toEqual([first.id])
    expect(await knowledge.document({ document: second.id }, as(OLENA))).toMatchObject({
      version: 2,
      replacedBy: null,
    })
    expect(await knowledge.document({ document: broken.id }, as(OLENA))).toMatchObject({
      version: 3,
      state: 'failed',
      error: { code: 'file.unreadable' },
    })
    await knowledge.removeDocument({ document: second.id }, as(OLENA))
    expect(await found()).toEqual([first.id])
  }, 60_000)

  it('tell what is nearly the same, and join neighbours of a page with their place', async () => {
    const { knowledge, upload } = house
    const { id } = await knowledge.makeCollection({ name: 'Папери' }, as(OLENA))
    const clauses = Array.from(
      { length: 90 },
      (_, i) => `Пункт ${i}: оренда будинку ${i} триває ${i + 1} років.`,
    )
    const one = (await upload(OLENA, id, 'договір.txt', clauses.join(' '))).document
    const other = (await upload(OLENA, id, 'договір-2.txt', `${clauses.join(' ')} Підписано.`)).document
    const { near } = await knowledge.document({ document: other.id }, as(OLENA))
    expect(near).toMatchObject({ document: one.id, title: 'договір.txt' })
    expect(near?.share).toBeGreaterThan(0.8)
    const { items } = await knowledge.search(
      { query: 'оренда будинку', collections: [id], limit: 3 },
      as(OLENA),
    )
    expect(items[0]).toMatchObject({
      place: { kind: 'sheet', label: 'Аркуш 1' },
      why: { words: expect.any(Number) },
    })
    expect(items[0]?.text.length).toBeGreaterThan(1_000)
    const said = items[0]?.text.match(/Пункт (\d+):/g) ?? []
    expect(new Set(said).size).toBe(said.length)
  }, 60_000)

  it('answer with citations, and say of a count what was read and what was not', async () => {
    const { knowledge, upload } = house
    const { id } = await knowledge.makeCollection({ name: 'Папери' }, as(OLENA))
    const { document } = await upload(
      OLENA,
      id,
      'люки.txt',
      'На Садовій три люки.\funread\fНа Лісовій два люки.',
    )
    const counted = await knowledge.answer(
      { query: 'Скільки люків на Садовій?', collections: [id] },
      as(OLENA),
    )
    expect(counted.citations).toContainEqual(
      expect.objectContaining({ document: document.id, page: 1, quote: 'На Садовій три люки.' }),
    )
    expect(counted.coverage).toMatchObject({
      documents: 1,
      pagesRead: 2,
      pagesUnread: 1,
      matching: { passages: 1 },
    })
    expect(counted.text).toContain('непрочитаних: 1')
    const plain = await knowledge.answer({ query: 'Де люки на Лісовій?', collections: [id] }, as(OLENA))
    expect(plain.text).not.toContain('Перелік може бути неповним')
    expect(
      (await knowledge.answer({ query: 'Скільки люків?', collections: [id] }, as(MARKO))).citations,
    ).toEqual([])
  }, 60_000)

  it('show operators what failed and why, without its name, and read it again', async () => {
    const { knowledge, upload, settled } = house
    const { id } = await knowledge.makeCollection({ name: 'Папери' }, as(OLENA))
    const { document } = await upload(OLENA, id, 'сімейне.txt', 'broken')
    const queue = await knowledge.queue({ state: 'failed', limit: 1 }, as(OWNER))
    const { failed } = queue
    expect(queue).toMatchObject({
      waiting: 0,
      items: [{ document: document.id, error: { code: 'file.unreadable' } }],
    })
    expect(JSON.stringify(queue)).not.toContain('сімейне')
    expect(await codeOf(knowledge.queue({}, as(MARKO)))).toBe('auth.forbidden')
    await knowledge.retryQueued({ document: document.id }, as(OWNER))
    await settled()
    await knowledge.retryDocument({ document: document.id }, as(OLENA))
    await settled()
    expect((await knowledge.queue({}, as(OWNER))).failed).toBe(failed)
  }, 60_000)
})

describe('sources', () => {
  const until = async (what: () => Promise<boolean>) => {
    const end = Date.now() + 20_000
    while (!(await what())) {
      if (Date.now() > end) throw new Error('it did not come')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  it('keep the pages of a site below an address, of its host alone, and say which failed', async () => {
    const { knowledge, pages, maps } = house
    maps['https://example.org/robots.txt'] = 'User-agent: *\nSitemap: https://example.org/maps.xml'
    maps['https://example.org/maps.xml'] =
      '<sitemapindex><sitemap><loc>https://example.org/one.xml</loc></sitemap></sitemapindex>'
    maps['https://example.org/one.xml'] =
      '<urlset><url><loc>https://example.org/docs/a?x=1&amp;y=2</loc></url><url><loc>https://example.org/docs/b</loc></url><url><loc>https://example.org/blog/c</loc></url><url><loc>http://10.0.0.1/docs/d</loc></url></urlset>'
    pages['https://example.org/docs/a?x=1&y=2'] = { title: 'А', markdown: 'Про водогін.' }
    const { id } = await knowledge.makeCollection({ name: 'Сайти' }, as(OLENA))
    await knowledge.addSource({ collection: id, url: 'https://example.org/docs/', kind: 'site' }, as(OLENA))
    await knowledge.addSource({ collection: id, url: 'https://other.org/', kind: 'site' }, as(OLENA))
    const sources = async () => (await knowledge.sources({ collection: id }, as(OLENA))).items
    await until(async () => {
      await clock.advance(60_000)
      return (await sources()).every(({ state }) => state === 'done' || state === 'failed')
    })
    await house.settled()
    expect(await sources()).toMatchObject([
      { url: 'https://other.org/', state: 'failed', error: { code: 'knowledge.no_sitemap' } },
      { url: 'https://example.org/docs/', state: 'done', pages: { total: 2, done: 1, failed: 1 } },
    ])
    expect((await knowledge.collectionDocuments({ collection: id }, as(OLENA))).items).toMatchObject([
      { title: 'А', url: 'https://example.org/docs/a?x=1&y=2', state: 'done' },
    ])
  }, 60_000)

  // It leaves a reading of later in the outbox, so it comes last.
  it('keep a page, read it again when it is time, and make what changed a new version', async () => {
    const { knowledge, pages } = house
    const url = 'https://example.org/taryf'
    pages[url] = { title: 'Тариф', markdown: 'Вода коштує десять гривень.' }
    const { id } = await knowledge.makeCollection({ name: 'Сайти' }, as(OLENA))
    const source = await knowledge.addSource({ collection: id, url, everyHours: 24 }, as(OLENA))
    expect(await codeOf(knowledge.addSource({ collection: id, url }, as(OLENA)))).toBe(
      'knowledge.source_exists',
    )
    expect(await codeOf(knowledge.readSource({ source: source.id }, as(MARKO)))).toBe(
      'knowledge.source_not_found',
    )
    const state = async () => (await knowledge.sources({ collection: id }, as(OLENA))).items[0]
    const found = async () =>
      (await knowledge.search({ query: 'вода коштує', collections: [id] }, as(OLENA))).items
    await until(async () => (await found()).length === 1)
    expect(await state()).toMatchObject({ state: 'done', pages: { total: 1, done: 1 } })
    pages[url] = { title: 'Тариф', markdown: 'Вода коштує двадцять гривень.' }
    await clock.advance(25 * 3_600_000)
    await until(async () => (await found())[0]?.text.includes('двадцять') === true)
    expect(await found()).toHaveLength(1)
    await clock.advance(25 * 3_600_000)
    await until(async () => (await state())?.pages.same === 1)
    await knowledge.removeSource({ source: source.id }, as(OLENA))
    expect(await found()).toHaveLength(1)
  }, 60_000)
})
