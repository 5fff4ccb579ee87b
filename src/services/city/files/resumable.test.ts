import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { type DetailedError, Upload, type UploadOptions } from 'tus-js-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestCity, type Someone, type TestCity } from '../../../../test/kit/city-service.ts'
import { createFakeMedia } from '../../../engines/media/fake.ts'
import { makeThumbnail } from '../../../engines/media/image.ts'

const PIECE = 64 * 1024

describe('uploads that go on after a broken line', () => {
  let city: TestCity
  beforeAll(async () => {
    city = await openTestCity({ media: createFakeMedia() })
  })
  afterAll(async () => await city?.[Symbol.asyncDispose]())

  /** Sends by the protocol's own client; stops after so many bytes where told, and answers with the upload's id. */
  const send = (who: Someone, bytes: Buffer, how: Partial<UploadOptions> & { stopAfter?: number } = {}) =>
    new Promise<string>((resolve, reject) => {
      const { stopAfter, ...options } = how
      const upload = new Upload(bytes, {
        endpoint: `${city.url}/api/city/uploads`,
        headers: { authorization: `Bearer ${who}` },
        metadata: { filename: 'звіт.txt' },
        chunkSize: PIECE,
        retryDelays: null,
        onError: reject,
        onChunkComplete(_size, sent) {
          if (stopAfter !== undefined && sent >= stopAfter && sent < bytes.length)
            void upload.abort().then(() => resolve(idOf(upload)))
        },
        onSuccess: () => resolve(idOf(upload)),
        ...options,
      })
      upload.start()
    })
  const idOf = ({ url }: Upload): string => url?.split('/').at(-1) ?? ''
  const keep = (who: Someone, upload: string) => city.as(who).keepUpload({ upload })
  const waiting = () => readdir(join(city.folder, 'uploads'))
  const words = (length: number) => Buffer.from(randomBytes(length / 2).toString('hex'))

  it('is a file once all of it came, and the same one when asked again', async () => {
    const bytes = words(3 * PIECE + 100)
    const upload = await send('olena', bytes)
    expect(upload).toMatch(/^p_olena\./)
    const file = await keep('olena', upload)
    expect(file).toMatchObject({ name: 'звіт.txt', mime: 'text/plain', sizeBytes: bytes.length })
    expect(await keep('olena', upload)).toEqual(file)
    const back = await city.fetch('olena', `/api/city/files/${file.id}`)
    expect(Buffer.from(await back.arrayBuffer()).equals(bytes)).toBe(true)
    expect(await waiting()).toEqual([])
  })

  it('goes on where it was cut', async () => {
    const bytes = words(4 * PIECE)
    const upload = await send('olena', bytes, { stopAfter: 2 * PIECE })
    await expect(keep('olena', upload)).rejects.toMatchObject({ code: 'city.upload_incomplete' })
    const sent: number[] = []
    const again = await send('olena', bytes, {
      uploadUrl: `${city.url}/api/city/uploads/${upload}`,
      onProgress: (bytesSent) => sent.push(bytesSent),
    })
    expect(again).toBe(upload)
    expect(Math.min(...sent)).toBeGreaterThanOrEqual(2 * PIECE)
    expect(await keep('olena', upload)).toMatchObject({ sizeBytes: bytes.length })
  })

  it('is there for nobody but its owner', async () => {
    const upload = await send('olena', words(PIECE), { stopAfter: PIECE })
    await expect(keep('taras', upload)).rejects.toMatchObject({ code: 'city.upload_not_found' })
    await expect(keep('olena', 'p_olena.../../etc/passwd')).rejects.toMatchObject({
      code: 'city.upload_not_found',
    })
    const ask = async (who: Someone | null, method: string, id: string) =>
      (await city.fetch(who, `/api/city/uploads/${id}`, { method, headers: { 'tus-resumable': '1.0.0' } }))
        .status
    expect([
      await ask('taras', 'HEAD', upload),
      await ask('taras', 'DELETE', upload),
      await ask('taras', 'HEAD', 'p_taras.none'),
      await ask(null, 'HEAD', upload),
    ]).toEqual([404, 404, 404, 401])
    expect(await ask('olena', 'DELETE', upload)).toBe(204)
    expect(await ask('olena', 'HEAD', upload)).toBe(404)
  })

  it('is refused before a byte comes where it is too large, and when too many are open', async () => {
    const refused = await send('taras', Buffer.alloc(1024 * 1024 + 1)).catch((error: DetailedError) => error)
    const answer = (refused as DetailedError).originalResponse
    expect(answer?.getStatus()).toBe(413)
    expect(JSON.parse(answer?.getBody() ?? '')).toMatchObject({ error: { code: 'file.too_large' } })
    for (let n = 0; n < 20; n++) {
      const made = await city.fetch('taras', '/api/city/uploads', {
        method: 'POST',
        headers: { 'tus-resumable': '1.0.0', 'upload-length': '10' },
      })
      expect(made.status).toBe(201)
      expect(made.headers.get('x-request-id')).not.toBeNull()
    }
    const more = await city.fetch('taras', '/api/city/uploads', {
      method: 'POST',
      headers: { 'tus-resumable': '1.0.0', 'upload-length': '10' },
    })
    expect(more.status).toBe(429)
  })
})

describe('what is taken in', () => {
  it('a photo is kept without what the camera wrote, and with its colours', async () => {
    const picture = sharp({ create: { width: 40, height: 20, channels: 3, background: '#c53' } })
    const bytes = await picture
      .jpeg()
      .withExif({ IFD0: { Copyright: 'secret place' } })
      .toBuffer()
    await using city = await openTestCity({
      media: {
        ...createFakeMedia({
          facts: () => ({ kind: 'image', mime: 'image/jpeg', width: 40, height: 20, blurhash: 'LEHV6n' }),
        }),
        clean: async () => new Uint8Array(await sharp(bytes).jpeg().toBuffer()),
        thumbnail: async (image, edge) =>
          await makeThumbnail('bytes' in image ? image.bytes : bytes, edge, 1_000_000),
      },
    })
    const body = new FormData()
    body.append('file', new Blob([bytes]), 'photo.jpg')
    const sent = await city.fetch('olena', '/api/city/files', { method: 'POST', body })
    const file = (await sent.json()) as { id: string; blurhash: string }
    expect(file.blurhash).toBe('LEHV6n')
    const kept = await (await city.fetch('olena', `/api/city/files/${file.id}`)).arrayBuffer()
    expect(Buffer.from(kept).includes('secret')).toBe(false)
    expect((await sharp(Buffer.from(kept)).metadata()).width).toBe(40)
    // The bytes as they came are nobody's and gone.
    const stored = (await readdir(city.folder, { recursive: true, withFileTypes: true })).filter(
      (entry) => entry.isFile() && !entry.parentPath.includes('uploads'),
    )
    expect(stored).toHaveLength(1)
  })

  it('a room lists its files, by kind and page, and holds no more than its share', async () => {
    await using city = await openTestCity({
      media: createFakeMedia(),
      limits: { roomQuotaBytes: 30_000 },
    })
    const olena = city.as('olena')
    const { id: room } = await olena.openRoom({ name: 'Майстерня' })
    const upload = async (name: string, bytes: Buffer) => {
      const body = new FormData()
      body.append('file', new Blob([new Uint8Array(bytes)]), name)
      const sent = await city.fetch('olena', '/api/city/files', { method: 'POST', body })
      return ((await sent.json()) as { id: string }).id
    }
    for (const n of [1, 2, 3]) {
      const parts = [{ type: 'file' as const, file: await upload(`${n}.txt`, Buffer.from(`words ${n}`)) }]
      await olena.post({ room, clientId: `c${n}`, text: '', parts })
    }
    const first = await olena.roomFiles({ room, limit: 2 })
    expect(first.items.map(({ name }) => name)).toEqual(['3.txt', '2.txt'])
    const rest = await olena.roomFiles({ room, limit: 2, before: first.next })
    expect(rest).toMatchObject({ items: [{ name: '1.txt', type: 'file', author: { name: 'Олена' } }] })
    expect((await olena.roomFiles({ room, type: 'image' })).items).toEqual([])
    await expect(city.as('taras').roomFiles({ room })).rejects.toMatchObject({ code: 'city.room_not_found' })
    const large = await upload('large.txt', Buffer.alloc(30_000, 'x'))
    await expect(
      olena.post({ room, clientId: 'large', parts: [{ type: 'file', file: large }] }),
    ).rejects.toMatchObject({ code: 'city.room_quota_exceeded' })

    const used = { usedBytes: 21, files: 3 }
    expect(await olena.roomQuota({ room })).toEqual({ ...used, limitBytes: 30_000, own: false })
    await expect(city.as('taras').roomQuota({ room })).rejects.toMatchObject({ code: 'city.room_not_found' })
    await olena.addMember({ room, principal: 'p_taras' })
    await expect(city.as('taras').roomQuota({ room })).rejects.toMatchObject({ code: 'city.not_manager' })
    await olena.limitRoom({ room, limitBytes: 40_000 })
    await olena.post({ room, clientId: 'large', parts: [{ type: 'file', file: large }] })
    expect(await olena.limitRoom({ room, limitBytes: null })).toEqual({
      ...{ usedBytes: 30_021, files: 4 },
      ...{ limitBytes: 30_000, own: false },
    })
    const { items } = await olena.moderationLog({ room })
    expect(items.map(({ action, reason }) => [action, reason])).toEqual([
      ['quota_changed', '0.04 MB → 0.03 MB'],
      ['quota_changed', '0.03 MB → 0.04 MB'],
    ])
  })

  it('a person has their own share, or the city’s', async () => {
    await using city = await openTestCity({ media: createFakeMedia(), limits: { quotaBytes: 30 } })
    const send = async () => {
      const body = new FormData()
      body.append('file', new Blob(['twenty bytes of words']), 'a.txt')
      return (await city.fetch('taras', '/api/city/files', { method: 'POST', body })).status
    }
    expect([await send(), await send()]).toEqual([201, 413])
    const olena = city.as('olena')
    const quota = { usedBytes: 21, files: 1, limitBytes: 30, own: false }
    expect(await city.as('taras').quota({})).toEqual(quota)
    const set = { ...quota, limitBytes: 60, own: true }
    expect(await olena.limitPerson({ principal: 'p_taras', limitBytes: 60 })).toEqual(set)
    expect([await send(), await send()]).toEqual([201, 413])
    expect(await city.as('iryna').quota({})).toMatchObject({ files: 0, own: false })
    await olena.limitPerson({ principal: 'p_taras', limitBytes: null })
    expect(await olena.personQuota({ principal: 'p_taras' })).toEqual({ ...quota, usedBytes: 42, files: 2 })
    const nobody = olena.limitPerson({ principal: 'p_nobody', limitBytes: 1 })
    await expect(nobody).rejects.toMatchObject({ code: 'city.resident_not_found' })
    // Who set whose share, and to how much, stands in the trail.
    const { items } = await olena.moderationLog({})
    expect(
      items.map(({ action, actor, subject, reason }) => [action, actor.id, subject?.id, reason]),
    ).toEqual([
      ['quota_changed', 'p_olena', 'p_taras', '0.00006 MB → 0.00003 MB'],
      ['quota_changed', 'p_olena', 'p_taras', '0.00003 MB → 0.00006 MB'],
    ])
  })
})
