import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Files } from './files.ts'

const MB = 1024 * 1024

/** What every store of files promises. */
export function filesConformance(name: string, make: () => Promise<Files>): void {
  describe(name, () => {
    let files: Files
    beforeAll(async () => {
      files = await make()
    })
    afterAll(() => files[Symbol.asyncDispose]())
    const put = (bytes: string | Uint8Array, maxBytes = MB) =>
      files.put(Readable.from([Buffer.from(bytes)]), { maxBytes })
    const absent = 'a'.repeat(64)

    test('bytes come back by their hash, whole and in parts', async () => {
      const bytes = randomBytes(300_000)
      const stored = await files.put(Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]), {
        maxBytes: MB,
      })
      expect(stored).toEqual({
        sha256: createHash('sha256').update(bytes).digest('hex'),
        sizeBytes: 300_000,
        mime: 'application/octet-stream',
      })
      expect((await files.read(stored.sha256)).equals(bytes)).toBe(true)
      expect((await buffer(await files.open(stored.sha256))).equals(bytes)).toBe(true)
      const part = await buffer(await files.open(stored.sha256, { start: 100, end: 199 }))
      expect(part.equals(bytes.subarray(100, 200))).toBe(true)
      expect(await files.has(stored.sha256)).toBe(true)
    })
    test('the same bytes twice, at once too, are one blob', async () => {
      const all = await Promise.all(Array.from({ length: 5 }, () => put('те саме')))
      expect(new Set(all.map(({ sha256 }) => sha256)).size).toBe(1)
      expect((await files.read(all[0]?.sha256 ?? '')).toString()).toBe('те саме')
    })
    test('what is deleted is missing; deleting it again is fine', async () => {
      const { sha256 } = await put('to be gone')
      await files.delete(sha256)
      await files.delete(sha256)
      expect(await files.has(sha256)).toBe(false)
      await expect(files.read(sha256)).rejects.toMatchObject({ code: 'file.missing' })
      await expect(files.open(sha256)).rejects.toMatchObject({ code: 'file.missing' })
    })
    test('a name that is no hash is missing, wherever it points', async () => {
      for (const name of [absent, '../../etc/passwd', '', 'A'.repeat(64)])
        await expect(files.read(name)).rejects.toMatchObject({ code: 'file.missing' })
    })
    test('a stream over the limit is refused as soon as it is over, and leaves nothing', async () => {
      let given = 0
      const endless = new Readable({
        read() {
          given += 1000
          this.push(Buffer.alloc(1000, 'x'))
        },
      })
      await expect(files.put(endless, { maxBytes: MB })).rejects.toMatchObject({
        code: 'file.too_large',
        params: { maxMegabytes: 1 },
      })
      expect(endless.destroyed).toBe(true)
      expect(given).toBeLessThan(2 * MB)
      expect((await put('x'.repeat(1000), 1000)).sizeBytes).toBe(1000)
    })
    test('an empty stream and a broken one leave nothing', async () => {
      await expect(files.put(Readable.from([]), { maxBytes: MB })).rejects.toMatchObject({
        code: 'file.empty',
      })
      const broken = Readable.from(
        (async function* () {
          yield Buffer.from('half')
          throw new Error('line lost')
        })(),
      )
      await expect(files.put(broken, { maxBytes: MB })).rejects.toThrow('line lost')
      expect(await files.has(createHash('sha256').update('half').digest('hex'))).toBe(false)
    })

    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    )
    const webm = (codec: string) =>
      Buffer.concat([
        Buffer.from('1a45dfa39f4286810142f7810142f2810442f381084282847765626d', 'hex'),
        Buffer.from(codec),
      ])
    test.each<[string, string | Uint8Array, string]>([
      ['words', 'Привіт\tсвіте\n', 'text/plain'],
      ['markdown', '# Заголовок\n\n- пункт', 'text/plain'],
      ['a page with a script', '<!doctype html><script>alert(1)</script>', 'text/plain'],
      ['a picture with a script', '<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>', 'text/plain'],
      ['XML', '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', 'text/plain'],
      [
        'a page that is no UTF-8',
        Buffer.from([...Buffer.from('<html>'), 0xff, 0xfe]),
        'application/octet-stream',
      ],
      [
        'words with a broken letter at the end',
        Buffer.from('слово').subarray(0, 9),
        'application/octet-stream',
      ],
      ['text with zeros', 'a\0b', 'application/octet-stream'],
      ['PNG', png, 'image/png'],
      ['PDF', '%PDF-1.7\n', 'application/pdf'],
      ['gzip', gzipSync('x'), 'application/gzip'],
      ['sound in webm', webm('A_OPUS'), 'audio/webm'],
      ['pictures in webm', webm('V_VP8 A_OPUS'), 'video/webm'],
    ])('%s is told by its bytes', async (_, bytes, mime) => {
      expect((await put(bytes)).mime).toBe(mime)
    })
    test('a letter cut by the edge of a chunk is still a letter; a broken one far behind is found', async () => {
      const text = Buffer.from('ї'.repeat(100_000))
      const chunks = [text.subarray(0, 3), text.subarray(3, 50_001), text.subarray(50_001)]
      expect((await files.put(Readable.from(chunks), { maxBytes: MB })).mime).toBe('text/plain')
      const broken = Buffer.concat([text, Buffer.from([0xff])])
      expect((await put(broken)).mime).toBe('application/octet-stream')
    })
    test('answers', async () => {
      await expect(files.ping()).resolves.toBeUndefined()
    })
  })
}
