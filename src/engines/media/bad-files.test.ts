import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BAD, photo, png, text, zeros } from '../../../test/kit/bad-files.ts'
import { systemClock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { createLocalParser, type LocalParser } from '../parser/local.ts'
import { createLocalMedia, type LocalMedia } from './local.ts'

const run = promisify(execFile)
const hasQpdf = await run('qpdf', ['--version']).then(
  () => true,
  () => false,
)
describe('bad files', { timeout: 120_000 }, () => {
  let media: LocalMedia
  let parser: LocalParser
  beforeAll(() => {
    media = createLocalMedia({ clock: systemClock })
    parser = createLocalParser({ clock: systemClock })
  })
  afterAll(async () => {
    await Promise.all([media.close(), parser.close()])
  })

  const failure = (promise: Promise<unknown>): Promise<AppError> =>
    promise.then(
      (value) => expect.fail(`accepted as ${JSON.stringify(value)}`),
      (error: unknown) => (error instanceof AppError ? error : expect.fail(String(error))),
    )

  test.each(BAD)('$name: $code', async ({ bytes, code, name }) => {
    const error = await failure(media.inspect({ bytes: await bytes(), mime: '', name }))
    expect(error.code, String(error.cause)).toBe(code)
    expect([400, 413, 415]).toContain(error.status)
    expect(error.retryable).toBe(false)
    expect(media.state().crashed).toBe(0)
  })

  const documents = BAD.filter(({ name }) => /\.(?:pdf|docx|xlsx|pptx|odt|ods|zip|txt)$/.test(name))
  test.each(documents)('$name, handed to the parser: $code', async ({ bytes, code, name }) => {
    const pages: unknown[] = []
    const parsing = parser.parse(
      { bytes: await bytes(), mime: '', name },
      { onPage: (page) => void pages.push(page) },
    )
    expect((await failure(parsing)).code).toBe(code)
    expect(pages).toEqual([])
  })

  test('nothing of it has ended a child, and good files are still read', async () => {
    expect(media.state()).toMatchObject({ crashed: 0, quarantined: 0 })
    expect(parser.state()).toMatchObject({ crashed: 0, quarantined: 0 })
    const bytes = await photo().png().toBuffer()
    expect(await media.inspect({ bytes, mime: '', name: 'good.png' })).toMatchObject({ width: 300 })
  })

  test('a picture of another kind is no picture to make small', async () => {
    const svg = text('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>')
    expect((await failure(media.thumbnail({ bytes: svg, mime: 'image/png' }, 64))).code).toBe(
      'file.wrong_type',
    )
    const bomb = png(50_000, 50_000, zeros(100))
    expect((await failure(media.thumbnail({ bytes: bomb, mime: 'image/png' }, 64))).code).toBe(
      'file.too_many_pixels',
    )
  })

  describe.skipIf(!process.env.FIXTURES_DIR || !hasQpdf)('with qpdf', () => {
    test('a document with a password', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'bad-'))
      try {
        const source = join(process.env.FIXTURES_DIR ?? '', 'documents/scan-bad.pdf')
        await run('qpdf', [
          '--encrypt',
          'secret',
          'owner',
          '256',
          '--',
          source,
          join(folder, 'locked.pdf'),
        ]).catch(warned)
        const bytes = await readFile(join(folder, 'locked.pdf'))
        expect((await failure(media.inspect({ bytes, mime: '', name: 'locked.pdf' }))).code).toBe(
          'file.encrypted',
        )
        const parsing = parser.parse({ bytes, mime: '', name: 'locked.pdf' }, { onPage: () => {} })
        expect((await failure(parsing)).code).toBe('file.encrypted')
      } finally {
        await rm(folder, { recursive: true })
      }
    })

    test('more pages than a document may have', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'bad-'))
      try {
        const source = join(process.env.FIXTURES_DIR ?? '', 'documents/scan-bad.pdf')
        const list = Array.from({ length: 501 }, () => [source, '1']).flat()
        await writeFile(
          join(folder, 'arguments'),
          ['--empty', '--pages', ...list, '--', join(folder, 'many.pdf')].join('\n'),
        )
        await run('qpdf', [`@${join(folder, 'arguments')}`]).catch(warned)
        const inspecting = media.inspect({ path: join(folder, 'many.pdf'), mime: '', name: 'many.pdf' })
        expect(await failure(inspecting)).toMatchObject({
          code: 'file.too_many_pages',
          params: { pages: 501, limit: 500 },
        })
      } finally {
        await rm(folder, { recursive: true })
      }
    })
  })
})

/** qpdf ends with 3 where it mended something. */
function warned(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 3)) throw error
}
