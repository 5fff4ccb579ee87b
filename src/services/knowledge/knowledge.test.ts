import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type TestEvents, testDatabase, testEvents } from '../../../test/kit/database.ts'
import type { Embeddings } from '../../engines/embeddings/embeddings.ts'
import { engineError } from '../../engines/engine.errors.ts'
import type { ForeignFile } from '../../engines/foreign-file.ts'
import type { Ocr } from '../../engines/ocr/ocr.ts'
import type { ParsedPage, Parser } from '../../engines/parser/parser.ts'
import { local } from '../../kernel/client.ts'
import { systemClock } from '../../kernel/clock.ts'
import type { CallOptions, Client } from '../../kernel/contract.ts'
import { createIds } from '../../kernel/ids.ts'
import type { Principal } from '../../kernel/principal.ts'
import { Scope } from '../../kernel/scope.ts'
import type { Database } from '../../platform/database/database.ts'
import { openDisk } from '../../platform/files/disk.ts'
import type { Files } from '../../platform/files/files.ts'
import type { cityContract } from '../city/city.contract.ts'
import { cityError } from '../city/city.errors.ts'
import { type PartAdded, partAdded } from '../city/city.events.ts'
import type { PartOutcome } from '../city/messages.contract.ts'
import { isGathered } from './gathering.ts'
import { knowledgeContract } from './knowledge.contract.ts'
import { documentProcessed, documentProgress } from './knowledge.events.ts'
import type { KnowledgeTables } from './knowledge.tables.ts'
import { createKnowledge, type KnowledgeNeeds } from './knowledge.ts'

const OLENA: Principal = { id: 'person_1', kind: 'person', name: 'Олена', role: 'resident' }
const OTHER: Principal = { id: 'person_2', kind: 'person', name: 'Інший', role: 'owner' }

/** Rooms of this city: Olena reads the first two. */
const readable = async ({ rooms }: { rooms: string[] }, options: CallOptions = {}) => {
  const own = options.principal?.id === OLENA.id ? ['room_1', 'room_2'] : ['room_9']
  return { rooms: rooms.filter((room) => own.includes(room)) }
}
const city = {
  readable,
  async room({ room }: { room: string }, options: CallOptions = {}) {
    const { rooms } = await readable({ rooms: [room] }, options)
    if (rooms.length === 0) throw cityError('city.room_not_found')
    return { id: room, visibility: 'private', membership: 'owner', archivedAt: null }
  },
  // The service asks for nothing else.
} as unknown as Client<typeof cityContract>

const bytesOf = (image: ForeignFile) => ('bytes' in image ? image.bytes : new Uint8Array())

/** Says how often each page was opened and each picture recognised. */
function scripted(pages: readonly ParsedPage[], how: { failure?: Error; opensAll?: boolean } = {}) {
  const opened: number[] = []
  const recognised: number[] = []
  const parser: Parser = {
    name: 'scripted',
    async parse(_, { onPage, signal, skip }) {
      if (how.failure) throw how.failure
      for (const page of pages) {
        signal?.throwIfAborted()
        if (!how.opensAll && skip?.has(page.number)) continue
        opened.push(page.number)
        await onPage(page, pages.length)
      }
      return { title: 'Про місто', total: pages.length, engine: 'scripted/1' }
    },
  }
  const ocr: Ocr = {
    name: 'scripted',
    missing: async () => null,
    async read(image) {
      const bytes = bytesOf(image)
      recognised.push(bytes[1] ?? 0)
      const words = {
        text: `Скан номер ${bytes[1]} каже про водогін.`,
        confidence: 0.9,
        engine: 'scripted/1',
        words: [],
      }
      if (bytes[1] === 99) return { ...words, confidence: 0.1 }
      return words
    },
  }
  return { parser, ocr, opened, recognised }
}

/** Letters of a text as a unit vector: enough to be near to itself. */
function letters(model: string, semantic = false): Embeddings & { calls: number; failure: Error | null } {
  return {
    name: 'letters',
    model,
    dimensions: 64,
    semantic,
    calls: 0,
    failure: null,
    missing: async () => null,
    async embed(texts) {
      this.calls += 1
      if (this.failure) throw this.failure
      return texts.map((text) => {
        const vector = new Float32Array(64)
        for (const sign of text.toLowerCase())
          vector[(sign.codePointAt(0) ?? 0) % 64] = (vector[(sign.codePointAt(0) ?? 0) % 64] ?? 0) + 1
        const length = Math.hypot(...vector) || 1
        return vector.map((value) => value / length)
      })
    },
  }
}

const read = (number: number, text: string): ParsedPage => ({ number, state: 'read', text })
const scan = (number: number, mark = number): ParsedPage => ({
  number,
  state: 'scan',
  text: '',
  image: new Uint8Array([0xff, mark]),
})
const PAGES: readonly ParsedPage[] = [
  read(1, 'Громада зібралася у вівторок. Документи про водогін лежать в архіві міста.'),
  read(2, 'Each trace tree has a root. Trees of traces are compiled as they grow.'),
  scan(3),
  { number: 4, state: 'empty', text: '' },
  scan(5, 99),
  { number: 6, state: 'failed', text: '', error: 'PDF: inside words' },
]

let scope: Scope
let db: Database
let files: Files
beforeEach(async () => {
  scope = new Scope()
  db = await testDatabase()
  scope.defer(() => db[Symbol.asyncDispose]())
  const folder = await mkdtemp(join(tmpdir(), 'knowledge-'))
  scope.defer(() => rm(folder, { recursive: true, force: true }))
  files = await openDisk({ folder })
  scope.defer(() => files[Symbol.asyncDispose]())
})
afterEach(() => scope[Symbol.asyncDispose]())

interface House {
  readonly knowledge: Client<typeof knowledgeContract>
  readonly outcomes: Map<string, PartOutcome>
  readonly progress: string[]
  readonly events: TestEvents
  checks(): Promise<unknown>
  start(): Promise<void>
  posted(about?: Partial<PartAdded> & { bytes?: string }): Promise<void>
}

/** A process of the city; another one on the same database is its next life. */
async function house(needs: Partial<KnowledgeNeeds> = {}): Promise<House> {
  const events = testEvents(db)
  const { parser, ocr } = scripted(PAGES)
  const service = createKnowledge({
    db,
    events,
    files,
    own: files,
    openLink: () => Promise.reject(new Error('no internet here')),
    parser,
    ocr: [ocr],
    embeddings: async () => letters('letters/1'),
    city,
    clock: systemClock,
    ids: createIds(systemClock),
    ...needs,
  })
  const outcomes = new Map<string, PartOutcome>()
  const progress: string[] = []
  events.consume({
    name: 'test.outcomes',
    db: db.kysely,
    types: [documentProcessed],
    async handle({ data }) {
      if (outcomes.has(data.message)) throw new Error('an outcome came twice')
      outcomes.set(data.message, data.outcome)
    },
  })
  events.listen(documentProgress, ({ done, total }) => progress.push(`${done}/${total}`))
  await events.start()
  scope.defer(() => events.stop())
  return {
    knowledge: local(knowledgeContract, service.handlers, 'test'),
    outcomes,
    progress,
    events,
    checks: async () => service.checks?.(),
    start: async () => service.start?.(),
    async posted({ bytes = 'a document', ...about } = {}) {
      const blob = await files.put(Readable.from([Buffer.from(bytes)]), { maxBytes: 1024 * 1024 })
      const file = {
        id: 'file_1',
        name: 'звіт.pdf',
        mime: 'application/pdf',
        sizeBytes: blob.sizeBytes,
        sha256: blob.sha256,
      }
      const author = { id: OLENA.id, kind: OLENA.kind, name: OLENA.name }
      const data = {
        room: 'room_1',
        message: 'msg_1',
        index: 0,
        attempt: 1,
        type: 'file' as const,
        file,
        author,
        ...about,
      }
      await db.kysely
        .transaction()
        .execute((tx) => events.append(tx, { type: partAdded, principal: OLENA.id, data }))
    },
  }
}

const as = (principal: Principal): CallOptions => ({ principal })
const count = async (table: keyof KnowledgeTables) => {
  const { n } = await db.kysely
    .withTables<KnowledgeTables>()
    .selectFrom(table)
    .select((make) => make.fn.countAll<string | number>().as('n'))
    .executeTakeFirstOrThrow()
  return Number(n)
}

describe('a document posted in a room', () => {
  it('is taken in page by page, and its pages add up', async () => {
    const { knowledge, posted, events, outcomes, progress } = await house()
    await posted()
    await events.settled()
    const pages = { read: 2, ocr: 1, empty: 1, failed: 2, total: 6 }
    const { document } = outcomes.get('msg_1') ?? {}
    expect(document?.pages).toEqual(pages)
    expect(progress).toEqual(['1/6', '2/6', '3/6', '4/6', '5/6', '6/6'])
    const held = await knowledge.document({ document: document?.id ?? '' }, as(OLENA))
    expect(held).toMatchObject({ title: 'Про місто', state: 'done', file: 'file_1', room: 'room_1', pages })
    expect(
      held.ledger.map(({ number, state, error }) => ({ number, state, ...(error && { error }) })),
    ).toEqual([
      { number: 1, state: 'read' },
      { number: 2, state: 'read' },
      { number: 3, state: 'ocr' },
      { number: 4, state: 'empty' },
      { number: 5, state: 'failed', error: 'page.illegible' },
      { number: 6, state: 'failed', error: 'page.failed' },
    ])
    const page = await knowledge.page({ document: held.id, page: 3 }, as(OLENA))
    expect(page).toMatchObject({ number: 3, total: 6, state: 'ocr', text: 'Скан номер 3 каже про водогін.' })
  })

  it('is one document however often it is posted, also at the same time', async () => {
    const script = scripted(PAGES)
    const { posted, events, outcomes } = await house({ parser: script.parser, ocr: [script.ocr] })
    await Promise.all([posted(), posted({ message: 'msg_2' })])
    await events.settled()
    await posted({ message: 'msg_3' })
    await posted({ message: 'msg_4', room: 'room_2' })
    await events.settled()
    expect(outcomes.get('msg_2')).toEqual(outcomes.get('msg_1'))
    expect(outcomes.get('msg_3')).toEqual(outcomes.get('msg_1'))
    expect(outcomes.get('msg_4')?.document?.id).not.toBe(outcomes.get('msg_1')?.document?.id)
    expect(await count('knowledge.document')).toBe(2)
    expect(script.opened.length).toBe(2 * PAGES.length)
  })

  it('is taken in as those who keep the room chose; what is not stays in its room unread', async () => {
    const { knowledge, posted, events, outcomes } = await house()
    await expect(
      knowledge.setGathering({ room: 'room_1', gathers: 'none' }, as(OTHER)),
    ).rejects.toMatchObject({ code: 'city.room_not_found' })
    expect(await knowledge.gathering({ room: 'room_1' }, as(OLENA))).toEqual({ gathers: 'all' })
    await knowledge.setGathering({ room: 'room_1', gathers: 'none' }, as(OLENA))
    await posted()
    await events.settled()
    expect(outcomes.get('msg_1')).toEqual({})
    expect((await knowledge.documents({ room: 'room_1' }, as(OLENA))).items).toEqual([])
    await knowledge.setGathering({ room: 'room_1', gathers: 'documents' }, as(OLENA))
    await posted({ message: 'msg_2' })
    await events.settled()
    expect(outcomes.get('msg_2')?.document?.pages.total).toBe(6)
    expect(isGathered('documents', { name: 'звіт.zip', mime: 'application/zip' })).toBe(false)
    expect(isGathered('all', { name: 'звіт.zip', mime: 'application/zip' })).toBe(true)
  })

  it('fails aloud when it cannot be opened, and may be tried again', async () => {
    const script = scripted(PAGES)
    const how: { failure?: Error } = { failure: engineError('file.encrypted') }
    const parser: Parser = {
      ...script.parser,
      parse: (file, options) => scripted(PAGES, how).parser.parse(file, options),
    }
    const { knowledge, posted, events, outcomes } = await house({ parser })
    await posted()
    await events.settled()
    expect(outcomes.get('msg_1')?.error).toMatchObject({ kind: 'invalid', code: 'file.encrypted' })
    const { items } = await knowledge.documents({ room: 'room_1' }, as(OLENA))
    expect(items).toMatchObject([{ state: 'failed', title: 'звіт.pdf' }])
    delete how.failure
    await posted({ message: 'msg_2', attempt: 2 })
    await events.settled()
    expect(outcomes.get('msg_2')?.document?.pages.total).toBe(6)
  })

  it('goes through the tries of a parser that crashes, then fails aloud', async () => {
    const { parser } = scripted(PAGES, { failure: engineError('engine.crashed') })
    const { posted, events, outcomes } = await house({ parser })
    await posted()
    await events.settled(20_000)
    expect(outcomes.get('msg_1')?.error?.code).toBe('engine.crashed')
  })

  it('counts scans as not read where nothing can recognise them, and reads them when asked again later', async () => {
    const engines: Ocr[] = []
    const script = scripted(PAGES)
    const { posted, events, outcomes, knowledge, checks } = await house({
      parser: script.parser,
      ocr: engines,
    })
    await posted()
    await events.settled()
    expect(outcomes.get('msg_1')?.document?.pages).toEqual({ read: 2, ocr: 0, empty: 1, failed: 3, total: 6 })
    const id = outcomes.get('msg_1')?.document?.id ?? ''
    const { ledger } = await knowledge.document({ document: id }, as(OLENA))
    expect(ledger[2]).toEqual({ number: 3, state: 'failed', error: 'engine.none', place: null })
    expect(await checks()).toContainEqual(
      expect.objectContaining({ name: 'ocr of scanned pages', state: 'degraded' }),
    )
    engines.push(script.ocr)
    await posted({ message: 'msg_2', attempt: 2 })
    await events.settled()
    expect(outcomes.get('msg_2')?.document).toEqual({
      id,
      pages: { read: 2, ocr: 1, empty: 1, failed: 2, total: 6 },
    })
    expect(script.opened).toEqual([1, 2, 3, 4, 5, 6, 3, 5, 6])
  })

  it('is gone on with after a stop in the middle, each page once', async () => {
    const pages = Array.from({ length: 8 }, (_, i) => scan(i + 1))
    // A parser that cannot leave pages out: they are known all the same.
    const script = scripted(pages, { opensAll: true })
    let reached = () => {}
    const third = new Promise<void>((resolve) => {
      reached = resolve
    })
    const stuck: Ocr = {
      ...script.ocr,
      async read(image, options) {
        if (bytesOf(image)[1] !== 4) return script.ocr.read(image, options)
        reached()
        return await new Promise((_, reject) =>
          options?.signal?.addEventListener('abort', () => reject(options.signal?.reason)),
        )
      },
    }
    const first = await house({ parser: script.parser, ocr: [stuck] })
    await first.posted()
    await third
    await first.events.stop()
    expect(first.outcomes.size).toBe(0)
    expect(await count('knowledge.page')).toBe(3)

    const second = await house({ parser: script.parser, ocr: [script.ocr] })
    await second.events.settled()
    expect(second.outcomes.get('msg_1')?.document?.pages).toEqual({
      read: 0,
      ocr: 8,
      empty: 0,
      failed: 0,
      total: 8,
    })
    expect(script.recognised).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect([
      await count('knowledge.page'),
      await count('knowledge.chunk'),
      await count('knowledge.vector'),
    ]).toEqual([8, 8, 8])
  }, 20_000)
})

describe('search', () => {
  it('finds by words in any form, with the page, and names what was not read', async () => {
    const { knowledge, posted, events, outcomes } = await house()
    await posted()
    await events.settled()
    const document = outcomes.get('msg_1')?.document?.id
    const found = await knowledge.search({ query: 'що є в документі?', rooms: ['room_1'] }, as(OLENA))
    expect(found.items[0]).toMatchObject({ document, page: 1, title: 'Про місто' })
    expect(found.unread).toEqual([{ document, title: 'Про місто', pages: [5, 6] }])
    expect(found.engine).toBe('words + letters/1')
    const trees = await knowledge.search({ query: 'trace trees', rooms: ['room_1'], limit: 1 }, as(OLENA))
    expect(trees.items).toMatchObject([{ page: 2 }])
    const nothing = await knowledge.search(
      { query: "'); drop table x; & | ! <->", rooms: ['room_1'] },
      as(OLENA),
    )
    expect(nothing.items.every(({ document: id }) => id === document)).toBe(true)
  })

  it('keeps to the rooms the asker may read, and to the documents asked for', async () => {
    const { knowledge, posted, events, outcomes } = await house()
    await posted()
    await posted({ message: 'msg_9', room: 'room_9', bytes: 'of another room' })
    await posted({ message: 'msg_2', room: 'room_2', bytes: 'a second' })
    await events.settled()
    const id = (message: string) => outcomes.get(message)?.document?.id ?? ''
    const ask = async (who: Principal, rooms: string[], documents?: string[]) => {
      const found = await knowledge.search(
        { query: 'водогін', rooms, ...(documents && { documents }) },
        as(who),
      )
      return [...new Set([...found.items, ...found.unread].map(({ document }) => document))].sort()
    }
    expect(await ask(OLENA, ['room_1', 'room_2', 'room_9'])).toEqual([id('msg_1'), id('msg_2')].sort())
    expect(await ask(OLENA, ['room_1', 'room_2'], [id('msg_2'), id('msg_9')])).toEqual([id('msg_2')])
    expect(await ask(OTHER, ['room_1'])).toEqual([])
  })

  it('answers for a hidden document as for one that never was', async () => {
    const { knowledge, posted, events, outcomes } = await house()
    await posted()
    await events.settled()
    const document = outcomes.get('msg_1')?.document?.id ?? ''
    const failure = async (work: Promise<unknown>) =>
      JSON.stringify(await work.catch((cause: unknown) => cause))
    const hidden = await failure(knowledge.document({ document }, as(OTHER)))
    expect(hidden).toContain('knowledge.document_not_found')
    expect(await failure(knowledge.document({ document: 'doc_none' }, as(OTHER)))).toBe(hidden)
    expect(await failure(knowledge.page({ document, page: 1 }, as(OTHER)))).toBe(hidden)
    expect(await failure(knowledge.page({ document, page: 7 }, as(OLENA)))).toContain(
      'knowledge.page_not_found',
    )
    await expect(knowledge.documents({ room: 'room_1' }, as(OTHER))).rejects.toMatchObject({
      kind: 'not_found',
    })
  })

  it('pages through the documents of a room, newest first', async () => {
    const { knowledge, posted, events } = await house()
    for (const n of [1, 2, 3]) {
      await posted({ message: `msg_${n}`, bytes: `document ${n}` })
      await events.settled()
    }
    const first = await knowledge.documents({ room: 'room_1', limit: 2 }, as(OLENA))
    const rest = await knowledge.documents({ room: 'room_1', limit: 2, after: first.next ?? '' }, as(OLENA))
    expect([first.items.length, rest.items.length, rest.next]).toEqual([2, 1, undefined])
    const all = [...first.items, ...rest.items].map(({ id }) => id)
    expect(all).toEqual([...all].sort().reverse())
  })
})

describe('the embedding model', () => {
  it('may be absent or broken: words still find, and checks say so', async () => {
    const broken = letters('letters/1')
    broken.failure = engineError('file.unreadable')
    const { knowledge, posted, events, outcomes, checks } = await house({ embeddings: async () => broken })
    await posted()
    await events.settled()
    expect(outcomes.get('msg_1')?.document?.pages.total).toBe(6)
    const found = await knowledge.search({ query: 'водогін', rooms: ['room_1'] }, as(OLENA))
    expect([found.engine, found.items.length]).toEqual(['words', 2])
    expect(await checks()).toContainEqual(expect.objectContaining({ name: 'embeddings', state: 'degraded' }))
    broken.failure = null
    await events.settled()
  })

  it('is made up for when it could not embed at first', async () => {
    const shaky = letters('letters/1')
    shaky.failure = engineError('engine.crashed')
    const { knowledge, posted, events } = await house({ embeddings: async () => shaky })
    await posted()
    const deadline = Date.now() + 10_000
    while (shaky.calls < 2 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10))
    shaky.failure = null
    await events.settled()
    const found = await knowledge.search({ query: 'водогін', rooms: ['room_1'] }, as(OLENA))
    expect(found.engine).toBe('words + letters/1')
  })

  it('is changed without a gap: old vectors serve until the new ones are whole', async () => {
    const old = letters('letters/1')
    const first = await house({ embeddings: async () => old })
    await first.posted()
    await first.events.settled()
    await first.events.stop()
    const better = letters('meaning/1', true)
    better.failure = engineError('engine.crashed')
    const second = await house({ embeddings: async () => better, olderEmbeddings: [old] })
    await second.start()
    const ask = () => second.knowledge.search({ query: 'водогін', rooms: ['room_1'] }, as(OLENA))
    expect((await ask()).engine).toBe('words + letters/1')
    better.failure = null
    await second.events.settled()
    expect((await ask()).engine).toBe('words + meaning/1')
    expect(await count('knowledge.vector')).toBe(await count('knowledge.chunk'))
    expect(await second.checks()).toContainEqual({ name: 'embeddings', state: 'ok' })
  })
})
