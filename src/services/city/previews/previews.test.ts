import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestCity, type Someone, type TestCity } from '../../../../test/kit/city-service.ts'
import { eventually } from '../../../../test/kit/eventually.ts'
import { createLocalMedia, type LocalMedia } from '../../../engines/media/local.ts'
import { systemClock } from '../../../kernel/clock.ts'
import { createSafeFetch } from '../../../platform/fetch/fetch.ts'
import { linksIn } from './links-in.ts'
import { pageAbout } from './page-about.ts'

/** What pages may hold to become more than words where they are shown. */
const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '&#60;svg onload=alert(1)&#62;',
  'javascript:alert(1)',
  '\u202Etxt.exe\u202C',
  '\u200Bза\u200Dховане\uFEFF',
  '\u0000нуль\u0007дзвін',
  '\u{E0041}\u{E0042}мітка',
  '![](https://evil.org/x.png)',
  '{{constructor.constructor("alert(1)")()}}',
  'а'.repeat(5000),
]

describe('what a page says it is', () => {
  it('is read from its head, in any charset', () => {
    const html = `<html><head><title>Назва
      рядками</title><meta name=description content="Про &amp; що"><meta property="og:site_name" content=Сайт></head><body><title>ні</title>`
    expect(pageAbout(Buffer.from(html), 'text/html')).toEqual({
      title: 'Назва рядками',
      description: 'Про & що',
      site: 'Сайт',
      image: '',
    })
    const cyrillic = Buffer.concat([
      Buffer.from('<meta charset=windows-1251><title>'),
      Buffer.from([0xcc, 0xb3, 0xf1, 0xf2, 0xee]),
    ])
    expect(pageAbout(cyrillic, 'text/html').title).toBe('Місто')
    expect(pageAbout(Buffer.from('<title>x</title>'), 'text/html; charset=no-such')).toMatchObject({
      title: 'x',
    })
    expect(
      pageAbout(Buffer.from('<meta property="og:title" content="OG"><title>T</title>'), ''),
    ).toMatchObject({
      title: 'OG',
    })
  })

  it('is one line of visible words, whatever it holds', () => {
    const hostile = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(hostile, fc.constantFrom('title', 'meta'), (text, where) => {
        const escaped = text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
        const html =
          where === 'title' ? `<title>${escaped}</title>` : `<meta property="og:title" content="${escaped}">`
        const { title } = pageAbout(Buffer.from(html), 'text/html; charset=utf-8')
        expect(title).not.toMatch(
          /[\p{Cc}\u200B-\u200F\u202A-\u202E\u2066-\u2069\uFEFF\u{E0000}-\u{E007F}\n]/u,
        )
        expect([...title].length).toBeLessThanOrEqual(160)
      }),
    )
    const deep = Buffer.from(`${'<div '.repeat(60_000)}<meta name=description content=x>`)
    const begun = Date.now()
    pageAbout(deep, 'text/html')
    expect(Date.now() - begun).toBeLessThan(3000)
  })
})

it('finds the addresses of a text, without what only stands beside them', () => {
  expect(linksIn('Див. https://example.org/a_(b), (http://x.ua/y). «https://z.ua»! HTTPS://Q.UA/#p')).toEqual(
    ['https://example.org/a_(b)', 'http://x.ua/y', 'https://z.ua/'],
  )
  expect(linksIn('https://user:pass@x.ua javascript:alert(1) ftp://x.ua https://')).toEqual([])
})

describe('link previews in a room', () => {
  let city: TestCity
  let site: string
  let hits: string[] = []
  let poster: Buffer
  let media: LocalMedia
  const server = createServer((request, response) => {
    hits.push(request.url ?? '')
    const send = (body: string, type = 'text/html; charset=utf-8') =>
      response.writeHead(200, { 'content-type': type, 'content-encoding': 'gzip' }).end(gzipSync(body))
    if (request.url === '/page')
      send('<title>Кабель &lt;b&gt;</title><meta name=description content="<script>alert(1)</script>">')
    else if (request.url === '/pictured')
      send('<title>Афіша</title><meta property="og:image" content="/poster.png">')
    else if (request.url === '/poster.png')
      response.writeHead(200, { 'content-type': 'image/png' }).end(poster)
    else if (request.url === '/lying')
      send(`<title>Брехня</title><meta property="og:image" content="${site}/page">`)
    else if (request.url === '/leading')
      send('<title>Усередину</title><meta property="og:image" content="http://169.254.169.254/x.png">')
    else if (request.url === '/pdf') send('%PDF-1.7 title', 'application/pdf')
    else if (request.url === '/inside') response.writeHead(302, { location: 'http://169.254.169.254/' }).end()
    else response.writeHead(404).end()
  })
  beforeAll(async () => {
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    const look = { create: { width: 900, height: 600, channels: 3, background: '#246' } } as const
    poster = await sharp(look)
      .png()
      .withExif({ IFD0: { Copyright: 'хто читає' } })
      .toBuffer()
    site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    media = createLocalMedia({ clock: systemClock })
    city = await openTestCity({
      agents: null,
      media,
      finding: { openLink: createSafeFetch({ internal: [site] }) },
    })
  })
  afterAll(async () => {
    await city?.[Symbol.asyncDispose]()
    await media?.close()
    server.closeAllConnections()
    server.close()
  })
  let n = 0
  const say = async (room: string, text: string) =>
    (await city.as('olena').post({ room, clientId: `p${n++}`, text })).id
  const shown = async (who: Someone, ...messages: string[]) =>
    (await city.as(who).previews({ messages })).items

  it('are fetched once, shown as words, and only to whoever reads the message', async () => {
    const { id: room } = await city.as('olena').openRoom({ name: 'Посилання' })
    const [one, two] = [await say(room, `Ось ${site}/page.`), await say(room, `${site}/page знову`)]
    expect(hits).toEqual([])
    expect(await shown('taras', one)).toEqual([])
    expect(hits).toEqual([])
    expect(await shown('olena', one)).toMatchObject([{ message: one, url: `${site}/page`, state: 'pending' }])
    await city.events.settled()
    const card = {
      url: `${site}/page`,
      state: 'done',
      title: 'Кабель <b>',
      description: '<script>alert(1)</script>',
      site: new URL(site).host,
    }
    expect(await shown('olena', one, two)).toEqual([
      { message: one, ...card },
      { message: two, ...card },
    ])
    expect(hits).toEqual(['/page'])
    expect(await shown('taras', one)).toEqual([])

    await city.as('olena').remove({ message: one })
    expect(await shown('olena', one)).toEqual([])
    await city.as('olena').remove({ message: two })
    await eventually(async () => {
      expect(await city.db.selectFrom('city.link_preview').select('url').execute()).toEqual([])
    }, 2000)
  })

  it('carry the page’s picture, made small by the city and given only to whoever reads the message', async () => {
    const { id: room } = await city.as('olena').openRoom({ name: 'Афіші' })
    const id = await say(room, `${site}/pictured ${site}/lying ${site}/leading`)
    await shown('olena', id)
    await city.events.settled()
    const cards = await shown('olena', id)
    expect(cards.map(({ title, picture }) => [title, picture !== undefined])).toEqual([
      ['Афіша', true],
      ['Брехня', false],
      ['Усередину', false],
    ])
    const url = cards[0]?.picture ?? ''
    const got = await city.fetch('olena', url)
    expect([got.status, got.headers.get('content-type')]).toEqual([200, 'image/webp'])
    const { width, height, exif } = await sharp(Buffer.from(await got.arrayBuffer())).metadata()
    expect([width, height, exif]).toEqual([320, 213, undefined])
    expect(hits.filter((path) => path === '/poster.png')).toHaveLength(1)
    const none = await city.fetch('taras', url)
    const missing = await city.fetch('taras', url.replace(id, 'msg_none'))
    expect([none.status, await none.text()]).toEqual([404, await missing.text()])
    await city.as('olena').remove({ message: id })
    expect((await city.fetch('olena', url)).status).toBe(404)
    expect(city.bugs).toEqual([])
  })

  it('show nothing of what is no page, is not there, or leads inside', async () => {
    hits = []
    const { id: room } = await city.as('olena').openRoom({ name: 'Без карток' })
    const texts = ['/pdf', '/none', '/inside'].map((path) => `${site}${path}`)
    const message = await say(room, texts.join(' '))
    const inside = await say(room, 'http://10.0.0.1/ http://localhost/ http://127.0.0.1:1/')
    await shown('olena', message, inside)
    await city.events.settled()
    expect(await shown('olena', message, inside)).toEqual([])
    expect(hits.sort()).toEqual(['/inside', '/none', '/pdf'])
    expect(city.bugs).toEqual([])
  })

  it('are off where the city opens no addresses', async () => {
    await using plain = await openTestCity({ agents: null })
    const { id } = await plain
      .as('olena')
      .post({ room: 'square', clientId: 'x', text: 'https://example.org' })
    expect(await plain.as('olena').previews({ messages: [id] })).toEqual({ on: false, items: [] })
  })
})
