import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { Parser } from 'htmlparser2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ZipFile } from 'yazl'
import {
  BYTES,
  form,
  openTestCity,
  people,
  type TestCity,
  upload,
} from '../../../../test/kit/city-service.ts'
import { testDatabase } from '../../../../test/kit/database.ts'
import { eventually } from '../../../../test/kit/eventually.ts'
import { grepTables } from '../../../../test/kit/grep-tables.ts'
import { MATTERMOST } from '../../../../test/kit/imports/mattermost.ts'
import { SLACK } from '../../../../test/kit/imports/slack.ts'
import { TELEGRAM } from '../../../../test/kit/imports/telegram.ts'
import { createFakeMedia } from '../../../engines/media/fake.ts'
import { listZip, unzip } from '../../../engines/parser/zip.ts'
import { residentErased } from '../../auth/auth.events.ts'
import type { Message } from '../messages.contract.ts'
import type { Import, ImportReport } from '../transfers.contract.ts'
import { escapeHtml } from './to-html.ts'

type Content = Uint8Array<ArrayBuffer>

async function zip(entries: Readonly<Record<string, unknown>>): Promise<Content> {
  const file = new ZipFile()
  for (const [name, value] of Object.entries(entries))
    file.addBuffer(
      value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(JSON.stringify(value)),
      name,
    )
  file.end()
  return new Uint8Array(await buffer(Readable.from(file.outputStream)))
}

async function unpacked(city: TestCity, id: string): Promise<Map<string, Buffer>> {
  const response = await city.fetch('olena', `/api/city/exports/${id}/archive`)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-disposition')).toContain('attachment')
  const bytes = new Uint8Array(await response.arrayBuffer())
  return new Map(listZip(bytes).map((one) => [one.name, Buffer.from(unzip(bytes, one, 1 << 20))]))
}

const textOf = (files: Map<string, Buffer>, name: string): string => files.get(name)?.toString('utf8') ?? ''

async function written(city: TestCity, wish: Parameters<ReturnType<TestCity['as']>['openExport']>[0]) {
  const { id, state } = await city.as('olena').openExport(wish)
  expect(state).toBe('waiting')
  await eventually(async () => expect((await city.as('olena').export({ export: id })).state).toBe('done'))
  return await unpacked(city, id)
}

async function send(city: TestCity, content: Content, name = 'export.zip'): Promise<string> {
  const response = await city.fetch('olena', '/api/city/imports', {
    method: 'POST',
    body: form(content, name),
  })
  const body = (await response.json()) as Import
  expect(response.status, JSON.stringify(body)).toBe(202)
  return body.id
}

async function over(city: TestCity, id: string): Promise<Import> {
  await eventually(async () =>
    expect((await city.as('olena').import({ import: id })).state).toMatch(/done|failed/),
  )
  return await city.as('olena').import({ import: id })
}

async function taken(city: TestCity, content: Content, name?: string): Promise<ImportReport> {
  const one = await over(city, await send(city, content, name))
  expect(one.error).toBeUndefined()
  if (!one.report) throw new Error('no report')
  return one.report
}

const said = async (city: TestCity, room = ''): Promise<Message[]> =>
  (await city.as('olena').messages({ room, after: 0, limit: 200 })).items
const leftOf = (report: ImportReport) =>
  Object.fromEntries(report.left.map(({ kind, count }) => [kind, count]))

describe('archives that go out', () => {
  let city: TestCity
  let room = ''
  const HOSTILE = `</title><script>alert(1)</script><img src=x onerror="a()">'"\`&`
  beforeAll(async () => {
    city = await openTestCity()
    const me = city.as('olena')
    room = (await me.openRoom({ name: `Двір ${HOSTILE.slice(0, 60)}`, visibility: 'private' })).id
    const file = await upload(city, 'olena', BYTES.png, `знімок "><svg onload=1>.png`)
    const first = await me.post({ room, clientId: '1', text: HOSTILE, parts: [{ type: 'image', file }] })
    await me.react({ message: first.id, emoji: '👍' })
    await me.edit({ message: first.id, text: `${HOSTILE} змінено` })
    await me.post({ room, clientId: '2', text: 'у гілці', thread: first.id, replyTo: first.id })
    await me.post({ room, clientId: '3', poll: { question: 'Коли <b>?', options: ['о шостій', 'о сьомій'] } })
    const gone = await me.post({ room, clientId: '4', text: 'таємне слово' })
    await me.remove({ message: gone.id })
    await me.draft({ room, text: 'недописане' })
  })
  afterAll(async () => await city?.[Symbol.asyncDispose]())

  it('holds a room whole: every message as it stands, tombstones without words, files by their bytes', async () => {
    const files = await written(city, { what: 'room', room })
    const messages = JSON.parse(textOf(files, 'messages.json')) as Message[]
    const stored = await said(city, room)
    expect(messages.map(({ seq }) => seq)).toEqual([...messages.map(({ seq }) => seq)].sort((a, b) => a - b))
    // A room's list leaves replies in threads out; its archive holds them too.
    expect(messages.filter(({ thread }) => !thread)).toEqual(stored)
    expect(messages.map(({ text }) => text)).toContain('у гілці')
    expect(textOf(files, 'messages.json')).not.toContain('таємне слово')
    const picture = [...files.keys()].find((name) => name.startsWith('files/')) ?? ''
    expect(files.get(picture)).toEqual(BYTES.png)
    expect(picture).not.toMatch(/["<>]/)
  })

  it('makes pages that run nothing, whatever is in names and words, and point at the files beside them', async () => {
    const files = await written(city, { what: 'room', room, format: 'html' })
    const pages = [...files]
      .filter(([name]) => name.endsWith('.html'))
      .map(([, page]) => page.toString('utf8'))
    expect(pages).toHaveLength(2)
    const tags = new Set<string>()
    for (const page of pages) {
      expect(page).toContain("default-src 'none'")
      const parser = new Parser({
        onopentag(name, attributes) {
          tags.add(name)
          for (const attribute of Object.keys(attributes)) expect(attribute).not.toMatch(/^on/)
          expect(attributes.href ?? attributes.src ?? '').not.toMatch(/^\w+:/)
        },
      })
      parser.end(page)
    }
    for (const tag of ['script', 'svg', 'iframe', 'object', 'form']) expect(tags).not.toContain(tag)
    expect(tags).toContain('img')
    const src = /<img src="([^"]+)"/.exec(pages.join(''))?.[1] ?? ''
    expect(files.has(decodeURIComponent(src))).toBe(true)
    const markdown = await written(city, { what: 'room', room, format: 'markdown' })
    expect(textOf(markdown, 'messages.md')).toMatch(/This message was deleted[\s\S]*|у гілці/)
    for (const sign of ['<', '>', '"', "'", '`']) expect(escapeHtml(`a${sign}b&`)).not.toContain(sign)
  })

  it('holds all that is a person’s own, and nothing of others', async () => {
    const square = await city.as('olena').room({ room: 'square' })
    await city.as('taras').post({ room: square.id, clientId: 't', text: 'слова Тараса' })
    const files = await written(city, { what: 'me' })
    const all = [...files.values()].map((file) => file.toString('utf8')).join('')
    expect(JSON.parse(textOf(files, 'account.json')).profile.name).toBe('Олена')
    expect(JSON.parse(textOf(files, 'kept.json')).drafts).toMatchObject([{ text: 'недописане' }])
    expect(JSON.parse(textOf(files, 'messages.json'))).toHaveLength(4)
    expect(all).not.toContain('слова Тараса')
  })

  it('is the asker’s alone, of rooms they keep, and of no other format than there is', async () => {
    const { id } = await city.as('olena').openExport({ what: 'room', room })
    const missing = await city.fetch('taras', '/api/city/exports/export_none/archive')
    const hidden = await city.fetch('taras', `/api/city/exports/${id}/archive`)
    expect([hidden.status, await hidden.text()]).toEqual([404, await missing.text()])
    await expect(city.as('taras').export({ export: id })).rejects.toMatchObject({ kind: 'not_found' })
    await expect(city.as('taras').openExport({ what: 'room', room })).rejects.toMatchObject({
      code: 'city.room_not_found',
    })
    await expect(city.as('taras').openExport({ what: 'room', room: 'square' })).rejects.toMatchObject({
      code: 'transfer.not_keeper',
    })
    await expect(city.as('olena').openExport({ what: 'me', format: 'html' })).rejects.toMatchObject({
      kind: 'invalid',
    })
    expect((await city.as('taras').exports({})).items).toEqual([])
    await eventually(async () => expect((await city.as('olena').export({ export: id })).state).toBe('done'))
  })
})

describe('archives that come in', () => {
  let city: TestCity
  beforeAll(async () => {
    city = await openTestCity()
  })
  afterAll(async () => await city?.[Symbol.asyncDispose]())

  it('takes a Slack export: authors, moments, threads, reactions; and says what it left', async () => {
    const content = await zip(SLACK)
    const report = await taken(city, content)
    expect(report).toMatchObject({ added: 4, known: 0 })
    expect(leftOf(report)).toEqual({
      service: 1,
      reaction: 1,
      file_elsewhere: 1,
      thread_lost: 1,
      direct_talk: 1,
    })
    const room = report.rooms.find(({ name }) => name === 'general')?.room ?? ''
    expect(await city.as('olena').room({ room })).toMatchObject({
      ...{ visibility: 'private', membership: 'owner', unread: 0, topic: 'Про все' },
    })
    await expect(city.as('taras').room({ room })).rejects.toMatchObject({ kind: 'not_found' })
    const [first, lost, last] = await said(city, room)
    expect(first).toMatchObject({
      author: { kind: 'person', name: 'Олена К.' },
      text: 'Вітаю, @Тарас! План: [тут](https://example.org/plan?a=1&b=2) <b>',
      createdAt: '2024-03-01T08:01:00.000Z',
      imported: { from: 'slack' },
      reactions: [{ emoji: '🎉', count: 2, names: ['Олена К.', 'Тарас'] }],
      replies: { replies: 1 },
      runs: [],
    })
    expect([lost?.author.name, last?.text]).toEqual(['ghost', '@here другий день'])
    const replies = await city.as('olena').messages({ room, thread: first?.id })
    expect(replies.items.map(({ text }) => text)).toEqual(['Дякую\n\n📎 plan.pdf'])

    // The same again changes nothing; a longer one adds what is new.
    const before = (await city.as('olena').room({ room })).seq
    expect(await taken(city, content)).toMatchObject({ added: 0, known: 4, rooms: report.rooms })
    expect((await city.as('olena').room({ room })).seq).toBe(before)
    const more = {
      ...SLACK,
      'general/2024-03-03.json': [{ type: 'message', user: 'U2', ts: '1709452800.0', text: 'ще' }],
    }
    expect(await taken(city, await zip(more))).toMatchObject({ added: 1, known: 4 })
    const events = await city.db
      .selectFrom('city.event')
      .select('seq')
      .where('room', '=', room)
      .orderBy('seq')
      .execute()
    expect(events.map(({ seq }) => Number(seq))).toEqual(events.map((_, i) => i + 1))
  })

  it('takes a Mattermost bulk export, with files of the archive', async () => {
    const lines = Buffer.from(MATTERMOST.map((line) => JSON.stringify(line)).join('\n'))
    const report = await taken(
      city,
      await zip({ 'import.jsonl': lines, 'data/20240301/plan.png': BYTES.png }),
    )
    expect(report).toMatchObject({ added: 2, files: 1 })
    expect(leftOf(report)).toEqual({ direct_talk: 1, line: 1, file_missing: 1, pin: 1 })
    const [root] = await said(city, report.rooms[0]?.room)
    expect(root).toMatchObject({
      author: { name: 'Олена Коваль' },
      parts: [{ type: 'image', name: 'plan.png' }],
      reactions: [{ emoji: '👍', count: 2 }],
      replies: { replies: 1, people: [{ name: 'Тарас' }] },
    })
    const bare = await taken(city, new Uint8Array(lines), 'import.jsonl')
    expect(bare).toMatchObject({ added: 0, known: 2 })
  })

  it('takes a Telegram export, bare or with its files, whatever stands in names', async () => {
    const evil = await zip({
      'result.json': TELEGRAM,
      'photos/photo_1.png': BYTES.png,
      'aa/aa/evil.png': BYTES.png,
    })
    // The writer of archives refuses such a name, so it is put in by hand.
    const hostile = new Uint8Array(
      Buffer.from(Buffer.from(evil).toString('latin1').replaceAll('aa/aa/', '../../'), 'latin1'),
    )
    const report = await taken(city, hostile)
    expect(report).toMatchObject({ added: 3, files: 1 })
    expect(leftOf(report)).toEqual({
      unsafe_name: 1,
      service: 1,
      file_missing: 1,
      reply_lost: 1,
      location_information: 1,
    })
    const [first, second] = await said(city, report.rooms[0]?.room)
    expect(first).toMatchObject({
      text: 'Дивіться **сюди**: [план](https://example.org)',
      reactions: [{ emoji: '🔥', count: 3 }],
      parts: [{ type: 'image' }],
    })
    expect(second).toMatchObject({ replyTo: first?.id, author: { name: 'Тарас <script>' } })
    const again = await taken(city, new Uint8Array(Buffer.from(JSON.stringify(TELEGRAM))), 'result.json')
    expect(again).toMatchObject({ added: 0, known: 3 })
  })

  it('refuses what is no export, what is broken, what is a bomb, and whoever does not run the city', async () => {
    const bomb = await zip({ 'result.json': Buffer.alloc(70 * 2 ** 20, 32) })
    for (const [content, code] of [
      [await zip({ 'notes.txt': 'x' }), 'transfer.unknown_kind'],
      [new Uint8Array(Buffer.from('{"a":1}')), 'transfer.unknown_kind'],
      [new Uint8Array(Buffer.from('not json')), 'transfer.archive_unreadable'],
      [new Uint8Array((await zip(SLACK)).subarray(0, 300)), 'transfer.archive_unreadable'],
      [bomb, 'transfer.archive_bomb'],
    ] as const)
      expect((await over(city, await send(city, content))).error?.code).toBe(code)
    const body = form(await zip(SLACK), 'x.zip')
    expect((await city.fetch('taras', '/api/city/imports', { method: 'POST', body })).status).toBe(403)
    await expect(city.as('taras').imports({})).rejects.toMatchObject({ kind: 'forbidden' })
    const blobs = await city.db
      .selectFrom('city.import')
      .select('blob')
      .where('blob', 'is not', null)
      .execute()
    expect(blobs).toEqual([])
    await city.events.settled()
    expect(await city.files.has(createHash('sha256').update(bomb).digest('hex'))).toBe(false)
  })
})

describe('an import that is killed in its middle', () => {
  it('goes on where it stood: nothing twice, nothing missing', async () => {
    const database = await testDatabase()
    await using _owned = database
    const shared = { ...database, kysely: database.kysely, async [Symbol.asyncDispose]() {} }
    let release: (() => void) | undefined
    const hung = new Promise<void>((resolve) => {
      release = resolve
    })
    const reached = new EventTarget()
    const media = createFakeMedia()
    const stuck = {
      ...media,
      async inspect(...asked: Parameters<typeof media.inspect>) {
        reached.dispatchEvent(new Event('inspect'))
        await hung
        return await media.inspect(...asked)
      },
    }
    const messages = Array.from({ length: 250 }, (_, i) => ({
      ...{
        id: i + 1,
        type: 'message',
        date_unixtime: String(1_709_280_000 + i),
        from: 'Олена',
        from_id: 'user1',
      },
      ...{ text: `слово ${i}`, ...(i === 220 && { photo: 'photos/p.png' }) },
    }))
    const content = await zip({ 'result.json': { ...TELEGRAM, messages }, 'photos/p.png': BYTES.png })
    await using dying = await openTestCity({ database: shared, media: stuck })
    const stood = once(reached, 'inspect')
    const id = await send(dying, content)
    await stood
    const half = await dying.db.selectFrom('city.imported').select('message').execute()
    expect(half).toHaveLength(200)

    await using city = await openTestCity({ database: shared, media })
    await city.files.put(Readable.from([Buffer.from(content)]), { maxBytes: 1 << 20 })
    const { report } = await over(city, id)
    release?.()
    expect(report).toMatchObject({ added: 250, known: 0, files: 1 })
    const room = report?.rooms[0]?.room ?? ''
    const rows = await city.db
      .selectFrom('city.message')
      .select(['seq', 'text'])
      .where('room', '=', room)
      .orderBy('seq')
      .execute()
    expect(rows.map(({ seq, text }) => [Number(seq), text])).toEqual(
      messages.map(({ text }, i) => [i + 1, text]),
    )
  })
})

describe('an erased person', () => {
  it('leaves tombstones and a whole sequence, and their name nowhere', async () => {
    await using city = await openTestCity()
    const [olena, taras] = [city.as('olena'), city.as('taras')]
    const { id: room } = await taras.openRoom({ name: 'Сад', visibility: 'private' })
    await taras.addMember({ room, principal: people.olena.id })
    const file = await upload(city, 'taras', BYTES.text, 'список.txt')
    const unposted = await upload(city, 'taras', BYTES.png, 'моє.png')
    const first = await taras.post({ room, clientId: '1', text: 'квіти', parts: [{ type: 'file', file }] })
    const call = await olena.post({ room, clientId: '2', text: '@Тарас, привіт' })
    await taras.react({ message: call.id, emoji: '🌱' })
    await olena.forward({ message: first.id, room: 'square', clientId: 'f' })
    await taras.draft({ room, text: 'ще' })
    await taras
      .report({ message: first.id, reason: 'other', words: 'таємниця скарги' })
      .catch(() => undefined)
    await taras.report({ person: people.olena.id, room, reason: 'other', words: 'таємниця скарги' })
    await olena.report({ message: first.id, reason: 'other', words: 'без слів' })
    await olena.limitPerson({ principal: people.taras.id, limitBytes: 1_000_000 })
    const erased = { principal: people.taras.id, name: 'Тарас' }
    await city.db
      .transaction()
      .execute((tx) => city.events.append(tx, { type: residentErased, principal: null, data: erased }))
    await eventually(async () =>
      expect((await olena.members({ room })).items).toMatchObject([
        { id: people.olena.id, membership: 'owner' },
      ]),
    )
    await city.events.settled()
    const [gone, heard] = await said(city, room)
    expect(gone).toMatchObject({ text: '', parts: [], author: { name: 'Erased resident' } })
    expect(gone?.deleted).toBeDefined()
    expect(heard).toMatchObject({
      text: '@Erased resident, привіт',
      reactions: [{ names: ['Erased resident'] }],
    })
    const log = await city.db
      .selectFrom('city.event')
      .select('seq')
      .where('room', '=', room)
      .orderBy('seq')
      .execute()
    expect(log.map(({ seq }) => Number(seq))).toEqual(log.map((_, i) => i + 1))
    const forwards = await olena.messages({ room: 'square' })
    expect(forwards.items.map(({ text, deleted }) => [text, deleted !== undefined])).toEqual([['', true]])
    for (const id of [file, unposted])
      await expect(olena.file({ file: id })).rejects.toMatchObject({ kind: 'not_found' })
    expect(
      await city.db.selectFrom('city.file').select('id').where('owner', '=', erased.principal).execute(),
    ).toEqual([])
    expect(await city.files.has(createHash('sha256').update(BYTES.png).digest('hex'))).toBe(false)
    expect(await city.db.selectFrom('city.draft').select('room').execute()).toEqual([])
    expect(await city.db.selectFrom('city.person_quota').select('principal').execute()).toEqual([])
    const cases = await city.db.selectFrom('city.report').select(['reporter', 'words', 'kept']).execute()
    expect(cases.filter(({ reporter }) => reporter === erased.principal)).toMatchObject([{ words: '' }])
    expect(cases.map(({ kept }) => kept)).toEqual(cases.map(() => null))
    // The name they had is told in one event, and forgotten when everybody knows.
    await eventually(async () =>
      expect(await grepTables(city.db as never, '"name": "Тарас"')).not.toContain('events.outbox'),
    )
  })
})
