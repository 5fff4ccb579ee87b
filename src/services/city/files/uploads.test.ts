import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  BYTES,
  form,
  openTestCity,
  type Someone,
  type TestCity,
  upload,
} from '../../../../test/kit/city-service.ts'
import { engineError } from '../../../engines/engine.errors.ts'
import { kindOf } from '../../../engines/media/accepted.ts'
import { createFakeMedia } from '../../../engines/media/fake.ts'
import type { Media } from '../../../engines/media/media.ts'
import { CityFile } from '../files.contract.ts'

let shaped = 0
/** The scripted engine: refuses what says it is broken, and takes the rest for what it was sniffed as. */
const media: Media = {
  ...createFakeMedia({
    facts({ bytes, mime: sniffed }) {
      const mime = sniffed || 'text/plain'
      if (Buffer.from(bytes).includes('BROKEN')) throw engineError('file.unreadable')
      return { kind: kindOf(mime), mime, ...(mime === 'image/png' && { width: 800, height: 600 }) }
    },
  }),
  thumbnail: async (_, edge) => Buffer.from(`picture of ${edge}`),
  waveform: async () => {
    shaped++
    return [0, 50, 100]
  },
}

describe('files', () => {
  let city: TestCity
  beforeAll(async () => {
    city = await openTestCity({ media })
  })
  afterAll(async () => await city?.[Symbol.asyncDispose]())

  const blobs = async () => {
    const entries = await readdir(city.folder, { recursive: true, withFileTypes: true })
    return entries.filter((entry) => entry.isFile()).length
  }
  const send = (who: Someone | null, body: FormData | string, headers: Record<string, string> = {}) =>
    city.fetch(who, '/api/city/files', { method: 'POST', body, headers })
  const verdict = async (response: Response) => [
    response.status,
    ((await response.json()) as { error?: { code: string } }).error?.code,
  ]
  const download = (who: Someone | null, id: string, headers: Record<string, string> = {}) =>
    city.fetch(who, `/api/city/files/${id}`, { headers })

  it('are taken in with what they are', async () => {
    const response = await send('olena', form(BYTES.png, 'Фото площі.png'))
    expect(response.status).toBe(201)
    const file = CityFile.parse(await response.json())
    expect(file).toMatchObject({
      name: 'Фото площі.png',
      mime: 'image/png',
      sizeBytes: BYTES.png.length,
      sha256: createHash('sha256').update(BYTES.png).digest('hex'),
      width: 800,
    })
    expect(await city.as('olena').file({ file: file.id })).toEqual(file)
    const [one, two] = [
      await upload(city, 'olena', BYTES.png, 'a.png'),
      await upload(city, 'taras', BYTES.png, 'b.png'),
    ]
    expect(one).not.toBe(two)
  })

  it('have names that can do no harm', async () => {
    const response = await send('olena', form(BYTES.text, '..\\..\\evil\u202Etxt.exe\u0007'))
    expect(await response.json()).toMatchObject({ name: 'eviltxt.exe' })
  })

  it('are refused, each for its reason, and leave nothing behind', async () => {
    const before = await blobs()
    const two = form(Buffer.from('one of two'), 'a.txt')
    two.append('file', new Blob(['second of two']), 'b.txt')
    const words = new FormData()
    words.append('file', 'just words')
    const large = Buffer.alloc(1024 * 1024 + 1, 'x')
    const answers = [
      await verdict(await send('olena', two)),
      await verdict(await send('olena', words)),
      await verdict(await send('olena', new FormData())),
      await verdict(await send('olena', form(Buffer.from('other field'), 'a.txt', 'document'))),
      await verdict(await send('olena', '{}', { 'content-type': 'application/json' })),
      await verdict(await send('olena', form(Buffer.alloc(0), 'a.txt'))),
      await verdict(await send('olena', form(Buffer.from('this is BROKEN'), 'a.txt'))),
      await verdict(await send('olena', form(large, 'large.txt'))),
      await verdict(await send('olena', 'no boundary', { 'content-type': 'multipart/form-data' })),
      await verdict(await send('olena', '--x\r\ncut', { 'content-type': 'multipart/form-data; boundary=x' })),
      await verdict(await send(null, form(Buffer.from('nobody'), 'a.txt'))),
    ]
    expect(answers).toEqual([
      [400, 'city.upload_many'],
      [400, 'city.upload_missing'],
      [400, 'city.upload_missing'],
      [400, 'city.upload_missing'],
      [415, 'city.upload_not_multipart'],
      [400, 'file.empty'],
      [400, 'file.unreadable'],
      [413, 'file.too_large'],
      [400, 'city.upload_broken'],
      [400, 'city.upload_missing'],
      [401, 'auth.required'],
    ])
    expect(await blobs()).toBe(before)
  })

  it('leave nothing behind where the line breaks in the middle', async () => {
    const before = await blobs()
    const { hostname, port } = new URL(city.url)
    const head = '--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    await new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(
          `POST /api/city/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer olena\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: 100000\r\n\r\n${head}${'a'.repeat(50_000)}`,
          () => setTimeout(() => socket.destroy(), 100),
        )
      })
      socket.once('close', () => resolve()).once('error', reject)
    })
    await expect.poll(blobs, { timeout: 5000 }).toBe(before)
    expect((await send('olena', form(BYTES.text, 'after.txt'))).status).toBe(201)
  })

  it('keep a blob that somebody else holds', async () => {
    const text = Buffer.from('shared words')
    const mine = await upload(city, 'olena', text, 'mine.txt')
    await using poor = await openTestCity({ limits: { quotaBytes: 5 } })
    expect(
      await verdict(
        await poor.fetch('taras', '/api/city/files', { method: 'POST', body: form(text, 'x.txt') }),
      ),
    ).toEqual([413, 'city.quota_exceeded'])
    expect(await (await download('olena', mine)).text()).toBe('shared words')
  })

  it('are only for whoever may read them; to all others there is no such file', async () => {
    const file = await upload(city, 'olena', Buffer.from('private words'), 'p.txt')
    const answers = await Promise.all(
      [file, 'file_unknown', '%00'].flatMap((id) => [
        download('taras', id),
        city.fetch('taras', `/api/city/files/${id}/about`),
        city.fetch('taras', `/api/city/files/${id}/thumbnail`),
      ]),
    )
    const told = await Promise.all(answers.map(async (answer) => `${answer.status} ${await answer.text()}`))
    expect(new Set(told).size).toBe(1)
    expect(told[0]).toMatch(/^404 .*city\.file_not_found/)
    expect((await download(null, file)).status).toBe(401)

    const stolen = city.as('taras').post({ room: 'square', clientId: 's', parts: [{ type: 'file', file }] })
    await expect(stolen).rejects.toMatchObject({ code: 'city.part_file' })

    const { id: room } = await city.as('olena').openRoom({ name: 'Двоє' })
    await city.as('olena').post({ room, clientId: 'p', parts: [{ type: 'file', file }] })
    expect((await download('taras', file)).status).toBe(404)
    await city.as('olena').addMember({ room, principal: 'p_taras' })
    expect(await (await download('taras', file)).text()).toBe('private words')
    await city.as('taras').leave({ room, principal: 'p_taras' })
    expect((await download('taras', file)).status).toBe(404)
  })

  it('must fit the part they are sent as', async () => {
    const file = await upload(city, 'olena', BYTES.png, 'a.png')
    const said = city.as('olena').post({ room: 'square', clientId: 'w', parts: [{ type: 'audio', file }] })
    await expect(said).rejects.toMatchObject({ code: 'city.part_type', params: { mime: 'image/png' } })
  })

  it('come with ranges, a tag, and headers under which nothing runs', async () => {
    const file = await upload(city, 'olena', Buffer.from('0123456789'), 'Цифри "1".txt')
    const whole = await download('olena', file)
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-disposition': `attachment; filename="_____ _1_.txt"; filename*=UTF-8''${encodeURIComponent('Цифри _1_.txt')}`,
      'content-length': '10',
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    })
    expect(whole.headers.get('cache-control')).toMatch(/^private/)
    const etag = whole.headers.get('etag') ?? ''
    expect((await download('olena', file, { 'if-none-match': etag })).status).toBe(304)
    const part = async (range: string, more = {}) => {
      const response = await download('olena', file, { range, ...more })
      return [
        response.status,
        response.headers.get('content-range'),
        response.status < 300 ? await response.text() : '',
      ]
    }
    expect(await part('bytes=2-4')).toEqual([206, 'bytes 2-4/10', '234'])
    expect(await part('bytes=7-')).toEqual([206, 'bytes 7-9/10', '789'])
    expect(await part('bytes=-3')).toEqual([206, 'bytes 7-9/10', '789'])
    expect(await part('bytes=5-500')).toEqual([206, 'bytes 5-9/10', '56789'])
    expect(await part('bytes=10-')).toEqual([416, 'bytes */10', ''])
    expect(await part('bytes=4-2')).toEqual([200, null, '0123456789'])
    expect(await part('bytes=1-2', { 'if-range': etag })).toEqual([206, 'bytes 1-2/10', '12'])
    expect(await part('bytes=1-2', { 'if-range': '"old"' })).toEqual([200, null, '0123456789'])
    const head = await city.fetch('olena', `/api/city/files/${file}`, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '10'])
    const picture = await download('olena', await upload(city, 'olena', BYTES.png, 'a.png'))
    expect(picture.headers.get('content-disposition')).toMatch(/^inline/)
    expect(Buffer.from(await picture.arrayBuffer()).equals(BYTES.png)).toBe(true)
  })

  it('that are pictures have a small view, made once, and papers one of their first page', async () => {
    const file = await upload(city, 'olena', BYTES.png, 'a.png')
    const small = (query: string) => city.fetch('olena', `/api/city/files/${file}/thumbnail${query}`)
    const [one, two] = await Promise.all([small('?edge=300'), small('?edge=320')])
    expect([one.status, one.headers.get('content-type'), await one.text()]).toEqual([
      200,
      'image/webp',
      'picture of 320',
    ])
    expect(await two.text()).toBe('picture of 320')
    expect(await (await small('')).text()).toBe('picture of 320')
    const rows = await city.db.selectFrom('city.thumbnail').select('edge').execute()
    expect(rows).toEqual([{ edge: 320 }])
    expect(await verdict(await small('?edge=x'))).toEqual([400, 'input.invalid'])
    const paper = await upload(city, 'olena', Buffer.from('%PDF-1.7\n%%EOF\n'), 'a.pdf')
    const first = await city.fetch('olena', `/api/city/files/${paper}/thumbnail?edge=640`)
    expect([first.headers.get('content-type'), await first.text()]).toEqual(['image/webp', 'picture of 640'])
    const text = await upload(city, 'olena', BYTES.text, 'a.txt')
    expect(await verdict(await city.fetch('olena', `/api/city/files/${text}/thumbnail`))).toEqual([
      415,
      'city.no_thumbnail',
    ])
  })

  it('that are recordings have a shape, found once, and only for whoever may hear them', async () => {
    const file = await upload(city, 'olena', BYTES.wav, 'a.wav')
    const shape = (who: Someone, id = file) => city.fetch(who, `/api/city/files/${id}/waveform`)
    const [one, two] = await Promise.all([shape('olena'), shape('olena')])
    for (const told of [one, two, await shape('olena')])
      expect(await told.json()).toEqual({ bars: [0, 50, 100] })
    expect(shaped).toBe(1)
    expect(await verdict(await shape('taras'))).toEqual([404, 'city.file_not_found'])
    const text = await upload(city, 'olena', BYTES.text, 'a.txt')
    expect(await verdict(await shape('olena', text))).toEqual([415, 'city.no_waveform'])
  })

  it('report no bug of ours', () => expect(city.bugs).toEqual([]))
})
