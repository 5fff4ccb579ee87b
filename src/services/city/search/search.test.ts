import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  BYTES,
  openTestCity,
  people,
  type Someone,
  type TestCity,
  upload,
} from '../../../../test/kit/city-service.ts'
import { eventually } from '../../../../test/kit/eventually.ts'
import { startWikipedia, type WikipediaServer } from '../../../../test/kit/wikipedia-server.ts'
import type { Embeddings } from '../../../engines/embeddings/embeddings.ts'
import { createFakeEmbeddings } from '../../../engines/embeddings/fake.ts'
import { createWikipedia } from '../../../engines/web-search/wikipedia.ts'
import { createSafeFetch } from '../../../platform/fetch/fetch.ts'
import { documentProcessed } from '../../knowledge/knowledge.events.ts'
import { partProcessed } from '../../multimodal-gateway/multimodal-gateway.events.ts'
import type { PartOutcome } from '../messages.contract.ts'
import type { SearchHit } from '../search.contract.ts'

/** As the mission asks: new within five seconds, changed and lost within one. */
const NEW_MS = 5_000
const CHANGED_MS = 1_000

let n = 0
type Query = Parameters<ReturnType<TestCity['as']>['search']>[0]
const find = async (city: TestCity, who: Someone, q: string, more: Query = {}) =>
  await city.as(who).search({ q, ...more })
const textsOf = (hits: readonly SearchHit[]) => hits.map(({ snippet }) => snippet.text)
const marked = ({ snippet }: SearchHit) =>
  snippet.marks.map(({ start, end }) => snippet.text.slice(start, end))
const say = async (city: TestCity, who: Someone, room: string, text: string, parts: never[] = []) =>
  await city.as(who).post({ room, clientId: `s${n++}`, text, parts })

describe('search by words', () => {
  let city: TestCity
  let square: string
  let secret: string
  beforeAll(async () => {
    city = await openTestCity({ agents: null })
    square = (await city.as('olena').room({ room: 'square' })).id
    secret = (await city.as('olena').openRoom({ name: 'Рада', visibility: 'private' })).id
    for (const text of [
      'Нові кімнати відкриті в будинку на Липовій',
      'Мене цікавить, хто платить за кабель у під’їзді',
      'The committee plans meetings about the roof',
      'Дивіться https://example.org/doc <b>жирно</b> & далі',
    ])
      await say(city, 'olena', square, text)
    await say(city, 'olena', secret, 'Таємний кабель ради, бюджет 500')
    await eventually(async () => expect((await find(city, 'olena', 'бюджет')).items).toHaveLength(1), NEW_MS)
  })
  afterAll(async () => await city?.[Symbol.asyncDispose]())

  it('finds a word in any of its forms, misspelt or begun, and says why', async () => {
    const room = (await find(city, 'taras', 'кімната')).items
    expect(room.map(marked)).toEqual([['кімнати']])
    expect(room[0]).toMatchObject({
      kind: 'message',
      room: square,
      author: { id: people.olena.id },
      why: { words: ['кімнати'], near: 0, letters: false },
      link: `/rooms/square?message=${room[0]?.id}`,
    })
    expect((await find(city, 'taras', 'meeting')).items.map(marked)).toEqual([['meetings']])
    for (const typo of ['кімнтаи', 'кмнати', 'кімннати', 'кімлати']) {
      const found = await find(city, 'taras', typo)
      expect([typo, found.items.map(marked)]).toEqual([typo, [['кімнати']]])
      expect(found.meant).toEqual([{ word: typo, as: ['кімнати'] }])
    }
    expect((await find(city, 'taras', 'commit')).items.map(marked)).toEqual([['committee']])
    expect(await find(city, 'taras', 'щучезна')).toMatchObject({ items: [], meant: [] })
    const both = (await find(city, 'taras', 'хто платить за кабель')).items
    expect(both.map(marked)).toEqual([['хто', 'платить', 'кабель']])
  })

  it('gives text and places, never markup', async () => {
    const [hit] = (await find(city, 'taras', 'жирно')).items
    expect(hit?.snippet.text).toBe('Дивіться https://example.org/doc <b>жирно</b> & далі')
    expect(hit && marked(hit)).toEqual(['жирно'])
  })

  it('shows only what the asker may read now', async () => {
    expect(textsOf((await find(city, 'olena', 'кабель')).items)).toHaveLength(2)
    expect(textsOf((await find(city, 'taras', 'кабель')).items)).toHaveLength(1)
    // A word that stands only where one may not look is as if nobody wrote it.
    expect(await find(city, 'taras', 'бюджет')).toEqual(await find(city, 'taras', 'бездоганність'))
    expect(await find(city, 'taras', 'кабель', { in: secret })).toEqual(
      await find(city, 'taras', 'кабель', { in: 'none' }),
    )
    await city.as('olena').addMember({ room: secret, principal: people.taras.id })
    expect(textsOf((await find(city, 'taras', 'кабель', { in: secret })).items)).toHaveLength(1)
    await city.as('olena').leave({ room: secret, principal: people.taras.id })
    expect((await find(city, 'taras', 'кабель', { in: secret })).items).toEqual([])
    expect((await city.fetch(null, '/api/city/search?q=кабель')).status).toBe(401)
  })

  it('follows edits and deletions, and keeps no word of what is gone', async () => {
    const { id } = await say(city, 'taras', square, 'Фіолетовий верболіз')
    await eventually(
      async () => expect((await find(city, 'olena', 'верболіз')).items).toHaveLength(1),
      NEW_MS,
    )
    await city.as('taras').edit({ message: id, text: 'Помаранчевий ясен' })
    expect((await find(city, 'olena', 'верболіз')).items).toEqual([])
    await eventually(
      async () => expect((await find(city, 'olena', 'ясен')).items).toHaveLength(1),
      CHANGED_MS,
    )
    await city.as('taras').remove({ message: id })
    expect((await find(city, 'olena', 'ясен')).items).toEqual([])
    await eventually(async () => {
      const entries = await city.db
        .selectFrom('city.search_entry')
        .select('message')
        .where('message', '=', id)
        .execute()
      const words = await city.db
        .selectFrom('city.search_word')
        .select('stem')
        .where('stem', 'in', ['верболоз', 'фіолетов', 'помаранчев', 'ясен'])
        .execute()
      expect([entries, words]).toEqual([[], []])
    }, CHANGED_MS)
  })

  it('is narrowed by conditions, typed or given', async () => {
    await say(city, 'taras', square, 'Кабель у мене є')
    await eventually(async () => expect((await find(city, 'iryna', 'кабель')).items).toHaveLength(2), NEW_MS)
    const count = async (q: string, more: Query = {}) => (await find(city, 'iryna', q, more)).items.length
    expect(await count('кабель from:тарас')).toBe(1)
    expect(await count('кабель від:"Тарас"')).toBe(1)
    expect(await count('кабель', { from: people.olena.id })).toBe(1)
    expect(await count('кабель in:square')).toBe(2)
    expect(await count('кабель in:nowhere')).toBe(0)
    expect(await count('кабель before:2020-01-01')).toBe(0)
    expect(await count('кабель after:2020-01-01')).toBe(2)
    expect(await count('кабель', { before: '2020-01-01T00:00:00+02:00' })).toBe(0)
    expect(await count('has:link')).toBe(1)
    expect(await count('має:посилання кабель')).toBe(0)
    expect(await count('has:image')).toBe(0)
    expect(await count('')).toBe(0)
    expect(await count('"%_\\ \' :* & | ! ( )')).toBe(0)
    await expect(find(city, 'iryna', 'x', { before: 'вчора' })).rejects.toMatchObject({ kind: 'invalid' })
  })

  it('comes in pages that neither repeat nor leave out', async () => {
    for (let i = 0; i < 45; i++) await say(city, 'olena', square, `Горобина номер ${i}`)
    await eventually(
      async () => expect((await find(city, 'iryna', 'горобина', { limit: 50 })).items).toHaveLength(45),
      NEW_MS,
    )
    const seen: string[] = []
    let cursor: string | undefined
    for (let i = 0; i < 10; i++) {
      const page = await find(city, 'iryna', 'горобина', { limit: 20, ...(cursor && { cursor }) })
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.next
      if (cursor === undefined) break
    }
    expect([seen.length, new Set(seen).size]).toEqual([45, 45])
    expect(city.bugs).toEqual([])
  })
})

describe('search by meaning, in what was heard, read and filed', () => {
  const cable = createFakeEmbeddings({ name: 'first', topics: ['кабель', 'дріт', 'кіт'] })
  /** To this one a cable and a wire are the same. */
  const wise: Embeddings = {
    ...createFakeEmbeddings({ name: 'second', topics: ['кабель', 'кіт'] }),
    embed: (texts, options) =>
      createFakeEmbeddings({ topics: ['кабель', 'кіт'] }).embed(
        texts.map((text) => text.toLowerCase().replaceAll('дріт', 'кабель')),
        options,
      ),
  }
  let chosen: Embeddings = cable
  const askedRooms: string[][] = []
  let city: TestCity
  let room: string
  const outcome = async (
    type: typeof partProcessed | typeof documentProcessed,
    message: string,
    what: PartOutcome,
  ) => {
    await city.db.transaction().execute((tx) =>
      city.events.append(tx, {
        type,
        principal: null,
        data: { room, message, index: 0, attempt: 1, outcome: what },
      }),
    )
  }
  beforeAll(async () => {
    city = await openTestCity({
      agents: null,
      finding: {
        embeddings: async () => chosen,
        allEmbeddings: [cable, wise],
        knowledge: () => ({
          passages: async ({ rooms }) => {
            askedRooms.push([...rooms])
            const about = {
              document: 'doc_1',
              collection: 'col_1',
              title: 'Договір',
              place: null,
              score: 1,
              why: {},
            }
            return {
              items: rooms.includes(room) ? [{ ...about, page: 4, text: 'Підрядник купує кабель' }] : [],
            }
          },
        }),
      },
    })
    room = (await city.as('olena').openRoom({ name: 'Кошторис', visibility: 'private' })).id
  })
  afterAll(async () => await city?.[Symbol.asyncDispose]())

  it('finds what means the same, and another model takes over without a gap', async () => {
    await say(city, 'olena', room, 'Старий дріт на горищі')
    await say(city, 'olena', room, 'Рудий кіт на даху')
    await eventually(async () => {
      const { items, meaning } = await find(city, 'olena', 'який тут дріт?', { mode: 'meaning' })
      expect([meaning, textsOf(items)]).toEqual(['model', ['Старий дріт на горищі']])
      expect(items[0]?.why).toEqual({ words: [], near: 4, letters: false })
      expect(items[0]?.snippet.marks).toEqual([{ start: 0, end: 21, by: 'meaning' }])
    }, NEW_MS)
    const about = async () => textsOf((await find(city, 'olena', 'рудий кіт', { mode: 'meaning' })).items)
    expect(textsOf((await find(city, 'olena', 'кабель', { mode: 'meaning', in: room })).items)).toEqual([])
    chosen = wise
    // At every moment of the change the cat is found.
    await eventually(async () => {
      expect(await about()).toEqual(['Рудий кіт на даху'])
      expect(await city.db.selectFrom('city.search_model').selectAll().execute()).toEqual([
        { model: wise.model, state: 'live' },
      ])
    }, NEW_MS)
    expect(textsOf((await find(city, 'olena', 'кабель', { mode: 'meaning' })).items)).toEqual([
      'Старий дріт на горищі',
    ])
    const models = await city.db.selectFrom('city.search_vector').select('model').distinct().execute()
    expect(models).toEqual([{ model: wise.model }])
    expect((await find(city, 'taras', 'кабель')).items).toEqual([])
  })

  it('finds in recordings with the second, in pictures, and in documents that a message holds', async () => {
    const post = async (type: 'audio' | 'image' | 'file', bytes: Uint8Array<ArrayBuffer>, name: string) => {
      const file = await upload(city, 'olena', bytes, name)
      return await city.as('olena').post({ room, clientId: `s${n++}`, text: '', parts: [{ type, file }] })
    }
    const voice = await post('audio', BYTES.wav, 'голос.wav')
    const photo = await post('image', BYTES.png, 'чек.png')
    const paper = await post('file', BYTES.text, 'Договір_підряду.txt')
    const segments = [
      { start: 0, end: 4, text: 'Добрий день.' },
      { start: 9, end: 14, text: 'Треба міняти щиток.' },
    ]
    const transcript = {
      text: 'Добрий день. Треба міняти щиток.',
      language: 'uk',
      speech: true,
      segments,
      engine: 'x',
    }
    await outcome(partProcessed, voice.id, { transcript })
    await outcome(partProcessed, photo.id, {
      ocr: { text: 'ЧЕК № 0931 платник ОСББ', confidence: 0.9, engine: 'x' },
    })
    const pages = { read: 1, ocr: 0, empty: 0, failed: 0, total: 1 }
    await outcome(documentProcessed, paper.id, { document: { id: 'doc_1', pages } })
    const kinds = async (q: string, more: Query = {}) =>
      (await find(city, 'olena', q, { mode: 'words', ...more })).items.map(({ kind, message }) => [
        kind,
        message,
      ])
    await eventually(async () => {
      expect(await kinds('щитки')).toContainEqual(['transcript', voice.id])
      expect(await kinds('платники')).toContainEqual(['image', photo.id])
      expect(await kinds('договори')).toContainEqual(['file', paper.id])
      expect(await kinds('кабель')).toContainEqual(['document', paper.id])
    }, NEW_MS)
    const [heard] = (await find(city, 'olena', 'щиток has:voice', { mode: 'words' })).items
    expect(heard).toMatchObject({ second: 9, kind: 'transcript' })
    const document = (await find(city, 'olena', 'кабель')).items.find(({ kind }) => kind === 'document')
    expect(document).toMatchObject({ id: 'doc_1', title: 'Договір', page: 4, why: { words: ['кабель'] } })
    expect(document?.link).toMatch(/^\/documents\/doc_1\?page=4&quote=/)

    askedRooms.length = 0
    expect((await find(city, 'taras', 'кабель')).items).toEqual([])
    expect(askedRooms.flat()).not.toContain(room)
    await city.as('olena').remove({ message: paper.id })
    expect(await kinds('кабель')).not.toContainEqual(['document', paper.id])
    await city.as('olena').remove({ message: voice.id })
    expect(await kinds('щиток')).toEqual([])
    await eventually(async () => {
      const left = await city.db
        .selectFrom('city.search_vector')
        .select('message')
        .where('message', '=', voice.id)
        .execute()
      expect(left).toEqual([])
    }, CHANGED_MS)
    expect(city.bugs).toEqual([])
  })
})

describe('the internet, asked in a room', () => {
  let server: WikipediaServer
  let city: TestCity
  beforeAll(async () => {
    server = await startWikipedia()
    const open = createSafeFetch({ internal: [server.url] })
    city = await openTestCity({
      agents: null,
      finding: { webSearch: [createWikipedia({ open, url: server.url })] },
    })
  })
  afterAll(async () => {
    await city?.[Symbol.asyncDispose]()
    await server?.[Symbol.asyncDispose]()
  })
  const last = async (room: string) => (await city.as('olena').messages({ room, limit: 50 })).items

  it('answers once, with its sources, as itself, in the room where it was asked', async () => {
    const { id: room } = await city.as('olena').openRoom({ name: 'Прокладка', visibility: 'private' })
    const post = { room, clientId: 'ask', text: '/search кабель' }
    const asked = await city.as('olena').post(post)
    await city.events.settled()
    await city.as('olena').post(post)
    await city.events.settled()
    const [, answer, ...more] = await last(room)
    expect(more).toEqual([])
    expect(answer).toMatchObject({
      author: { kind: 'service', name: 'Пошук в інтернеті' },
      replyTo: asked.id,
      engine: 'Вікіпедія',
    })
    expect(answer?.text).toMatch(
      /^Вікіпедія, запит «кабель»:\n\n1\. \[Кабель\]\(https:\/\/uk\.wikipedia\.org\/wiki\/\S+\) — Кабель/,
    )
    expect(server.asked).toEqual(['кабель'])
    // What it found can be found.
    await eventually(
      async () => expect((await find(city, 'olena', 'ізольованих жил')).items).toHaveLength(1),
      NEW_MS,
    )
    expect((await city.as('taras').searchWeb({ q: 'cable' })).items).toMatchObject([
      { title: 'Cable', site: 'Wikipedia' },
    ])
  })

  it('shows words from outside as words, and says what went wrong', async () => {
    const { id: room } = await city.as('olena').openRoom({ name: 'Чуже' })
    const ask = async (text: string, clientId: string) => {
      await city.as('olena').post({ room, clientId, text })
      await city.events.settled()
      return (await last(room)).at(-1)?.text ?? ''
    }
    const foreign = await ask('/пошук injection', '1')
    expect(foreign).toContain('\\[x\\]\\(javascript:alert\\(1\\)\\)')
    expect(foreign).toContain('\\<img src=x onerror=alert\\(1\\)\\> \\*\\*bold\\*\\*')
    expect(await ask('/search щучезна', '2')).toBe('Вікіпедія, Wikipedia: на запит «щучезна» нічого немає.')
    server.answer = (_, response) => void response.writeHead(404).end()
    expect(await ask('/search cable', '3')).toMatch(
      /^The search for “cable” did not succeed\. 127\.0\.0\.1:\d+ answered 404\.$/,
    )
    server.answer = null
    expect(await ask('/searching is an ordinary word', '4')).toBe('/searching is an ordinary word')
    expect(city.bugs).toEqual([])
  })
})
