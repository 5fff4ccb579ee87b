import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDisk } from './disk.ts'
import { filesConformance } from './files.conformance.ts'
import { sniff } from './sniff.ts'

filesConformance('disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'files-'))
  const files = await openDisk({ folder })
  return {
    ...files,
    async [Symbol.asyncDispose]() {
      expect(await readdir(join(folder, 'tmp'))).toEqual([])
      await files[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
})

describe('a folder', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'files-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('holds a blob where `path` says', async () => {
    const files = await openDisk({ folder })
    const { sha256 } = await files.put(Readable.from([Buffer.from('abc')]), { maxBytes: 10 })
    expect(files.path(sha256)).toBe(join(folder, 'ba', '78', sha256))
    expect(await readFile(files.path(sha256), 'utf8')).toBe('abc')
    expect(() => files.path('../x')).toThrow()
  })

  test('is swept of what dead processes left, not of what living ones write', async () => {
    const aside = join(folder, 'tmp')
    // The largest pid there can be belongs to nobody.
    await writeFile(join(aside, '4194304-dead'), 'half')
    await writeFile(join(aside, `${process.pid}-earlier`), 'of an earlier process with this pid')
    await writeFile(join(aside, `${process.ppid}-living`), 'half')
    const files = await openDisk({ folder })
    let finish: () => void = () => undefined
    const gate = new Promise<void>((resolve) => {
      finish = resolve
    })
    const slow = Readable.from(
      (async function* () {
        yield Buffer.from('slow ')
        await gate
        yield Buffer.from('bytes')
      })(),
    )
    const writing = files.put(slow, { maxBytes: 100 })
    await openDisk({ folder })
    expect((await readdir(aside)).filter((name) => name.endsWith('-living'))).toHaveLength(1)
    finish()
    const { sha256 } = await writing
    expect((await files.read(sha256)).toString()).toBe('slow bytes')
    expect(await readdir(aside)).toEqual([`${process.ppid}-living`])
  })
})

const { FIXTURES_DIR } = process.env
describe.skipIf(!FIXTURES_DIR)('real files', () => {
  test('are told by their first bytes', async () => {
    const names = await readdir(FIXTURES_DIR ?? '', { recursive: true })
    const expected: Record<string, string> = {
      ogg: 'audio/ogg',
      mp3: 'audio/mpeg',
      wav: 'audio/wav',
      webm: 'audio/webm',
      pdf: 'application/pdf',
      jpg: 'image/jpeg',
      png: 'image/png',
      md: 'text/plain',
      txt: 'text/plain',
    }
    let seen = 0
    for (const name of names) {
      const mime = expected[name.split('.').at(-1) ?? '']
      if (mime === undefined) continue
      const bytes = (await readFile(join(FIXTURES_DIR ?? '', name))).subarray(0, 65_536)
      expect([name, await sniff(bytes, mime === 'text/plain')]).toEqual([name, mime])
      seen++
    }
    expect(seen).toBeGreaterThan(5)
  })
})
