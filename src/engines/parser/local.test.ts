import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../kernel/clock.ts'
import { createFakeParser } from './fake.ts'
import { createLocalParser, type LocalParser, titleFrom } from './local.ts'
import { parserConformance } from './parser.conformance.ts'
import type { ParsedPage } from './parser.ts'

const run = promisify(execFile)
const isThere = (program: string): Promise<boolean> =>
  run('which', [program]).then(
    () => true,
    () => false,
  )
const hasOffice = await isThere('soffice')
const hasQpdf = await isThere('qpdf')
const fixtures = process.env.FIXTURES_DIR ?? ''
const MINUTES = { timeout: 180_000 }

let parser: LocalParser
let folder: string
beforeAll(async () => {
  parser = createLocalParser({ clock: systemClock })
  folder = await mkdtemp(join(tmpdir(), 'parser-'))
})
afterAll(async () => {
  await parser.close()
  await rm(folder, { recursive: true })
})

async function parse(file: Parameters<LocalParser['parse']>[0]) {
  const pages: ParsedPage[] = []
  const answer = await parser.parse(file, { onPage: (page) => void pages.push(page) })
  return { ...answer, pages }
}

const fixture = (name: string) => parse({ path: join(fixtures, name), mime: '', name })

describe('conformance', () => {
  parserConformance('local', () => parser)
  parserConformance('fake', () => createFakeParser())
})

test('a name as a title', () => {
  expect(titleFrom('../2024_звіт-остаточний.v2.pdf')).toBe('2024 звіт-остаточний.v2')
  expect(titleFrom('.md')).toBe('.md')
})

test('Markdown has its first heading for a title, and its headings begin sections', MINUTES, async () => {
  const part = (name: string): string => `## ${name}\n\n${'Слова про дім. '.repeat(150)}\n\n`
  const bytes = new TextEncoder().encode(`Вступ.\n\n# Статут\n\n${part('Перша')}${part('Друга')}`)
  const { pages, title } = await parse({ bytes, mime: 'text/markdown', name: 'x.md' })
  expect(title).toBe('Статут')
  expect(pages.map(({ state }) => state)).toEqual(['read', 'read'])
  expect(pages[1]?.text.startsWith('## Друга')).toBe(true)
})

test('a text in windows-1251', MINUTES, async () => {
  const bytes = Buffer.from('cff0e8e2b3f22c20f1e2b3f2e52e20dfea20f1ff20ece0baf2e53f', 'hex')
  const { pages } = await parse({ bytes, mime: 'text/plain', name: 'old.txt' })
  expect(pages[0]?.text).toBe('Привіт, світе. Як ся маєте?')
})

describe.skipIf(!fixtures)('real documents', MINUTES, () => {
  test('a paper in two columns reads column by column', async () => {
    const { engine, pages, title, total } = await fixture('documents/tracemonkey.pdf')
    expect({ engine, title, total }).toEqual({
      engine: 'local/pdfjs',
      title: 'Trace-based Just-in-Time Type Specialization for Dynamic Languages',
      total: 14,
    })
    expect(pages.map(({ state }) => state)).toEqual(Array.from({ length: 14 }, () => 'read'))
    for (const [number, quote] of QUOTES) expect(pages[number - 1]?.text).toContain(quote)
  })

  test('a damaged scan: a picture, and what little it says of itself', async () => {
    const { pages, title, total } = await fixture('documents/scan-bad.pdf')
    expect({ title, total }).toEqual({ title: 'scan-bad', total: 1 })
    expect(pages[0]).toMatchObject({ state: 'scan', text: 'pdf.js' })
    expect(Buffer.from(pages[0]?.image ?? []).subarray(0, 2)).toEqual(Buffer.of(0xff, 0xd8))
  })

  test('a stricter limit of pages', async () => {
    const strict = createLocalParser({ clock: systemClock, maxPages: 13 })
    const file = { path: join(fixtures, 'documents/tracemonkey.pdf'), mime: '', name: 'a.pdf' }
    const parsing = strict.parse(file, { onPage: () => {} }).finally(() => strict.close())
    await expect(parsing).rejects.toMatchObject({
      code: 'file.too_many_pages',
      params: { pages: 14, limit: 13 },
    })
  })
})

/** Across line ends and hyphens, around figures, listings and over the column's end. */
const QUOTES: readonly (readonly [page: number, quote: string])[] = [
  [1, 'Dynamic languages such as JavaScript are more difficult to compile than statically typed ones.'],
  [1, 'mentation and is used for the application logic'.slice(12)],
  [
    2,
    'If control flow is different, or a value of a different type is generated), the trace exits.'.slice(3),
  ],
  [2, 'We solve the nested loop problem by recording nested trace trees.'],
  [2, 'our techniques also achieve the effects of inlining.'],
  [
    3,
    'In recording mode, TraceMonkey records the code along the trace in a low-level compiler intermediate representation we call LIR.',
  ],
  [12, 'crypto-md5 | 4 | 4 | 5 | 0 | 0 | 1.0 | 1.3 | 1.3 | 2.30x'],
  [
    12,
    'Our performance results confirm that type specialization using trace trees substantially improves performance.',
  ],
]

describe.skipIf(!hasOffice)('documents made by LibreOffice', MINUTES, () => {
  const make = async (name: string, html: string, kind: 'docx' | 'pdf'): Promise<string> => {
    const source = join(folder, `${name}.html`)
    await writeFile(source, `<html><head><meta charset="utf-8"></head><body>${html}</body></html>`)
    const profile = `-env:UserInstallation=${pathToFileURL(join(folder, 'profile'))}`
    const filter = kind === 'docx' ? 'docx:MS Word 2007 XML' : 'pdf:writer_web_pdf_Export'
    const args = [
      profile,
      '--headless',
      '--infilter=HTML (StarWriter)',
      '--convert-to',
      filter.replace('_web', ''),
      '--outdir',
      folder,
      source,
    ]
    await run('soffice', args, { timeout: 120_000 })
    return join(folder, `${name}.${kind}`)
  }
  const STATUTE = `<h1>Статут спільноти</h1><p>Ми, мешканці &amp; друзі, домовилися.</p><h2>Внески</h2>
    <ul><li>Щомісячний</li><li>Добровільний</li></ul>
    <table><tr><td>Хто</td><td>Скільки</td></tr><tr><td>Родина</td><td>120 ₴</td></tr></table>`

  test('DOCX: headings, lists, tables, one section', async () => {
    const path = await make('statute', STATUTE, 'docx')
    const { engine, pages, title } = await parse({ path, mime: '', name: 'x.docx' })
    expect({ engine, title }).toEqual({ engine: 'local/mammoth', title: 'Статут спільноти' })
    expect(pages).toHaveLength(1)
    expect(pages[0]?.text).toBe(
      'Статут спільноти\n\nМи, мешканці & друзі, домовилися.\n\nВнески\n\n• Щомісячний\n• Добровільний\n\nХто | Скільки\nРодина | 120 ₴',
    )
  })

  test('a long DOCX in sections', async () => {
    const paragraph = `<p>${'Ще одне речення про дім. '.repeat(30)}</p>`
    const path = await make('long', `<h1>Книга</h1>${paragraph.repeat(20)}`, 'docx')
    const { pages } = await parse({ path, mime: '', name: 'x.docx' })
    expect(pages.length).toBeGreaterThan(3)
    for (const { text } of pages) expect(text.length).toBeLessThan(4_000)
  })

  test('Ukrainian PDF', async () => {
    const path = await make('statute', STATUTE, 'pdf')
    const { pages, title } = await parse({ path, mime: '', name: 'x.pdf' })
    expect(title).toBe('Статут спільноти')
    expect(pages[0]?.text).toContain('Ми, мешканці & друзі, домовилися.')
    expect(pages[0]?.text).toContain('Родина 120 ₴')
  })

  describe.skipIf(!hasQpdf || !fixtures)('and qpdf', MINUTES, () => {
    test('a mixed document: print, a photographed page, an empty one', async () => {
      const notice = pathToFileURL(join(fixtures, 'images/uk-notice.jpg'))
      const scan = await make('scan', `<img src="${notice}" width="600">`, 'pdf')
      const blank = await make('blank', '<p><br></p>', 'pdf')
      const mixed = join(folder, 'mixed.pdf')
      const paper = join(fixtures, 'documents/tracemonkey.pdf')
      await run('qpdf', ['--empty', '--pages', paper, '1', scan, '1', blank, '1', '--', mixed])
      const { pages } = await parse({ path: mixed, mime: '', name: 'mixed.pdf' })
      expect(pages.map(({ number, state }) => [number, state])).toEqual([
        [1, 'read'],
        [2, 'scan'],
        [3, 'empty'],
      ])
      expect(pages[1]?.image?.length).toBeGreaterThan(10_000)
    })

    test('a document that may be read but not changed is read', async () => {
      const locked = join(folder, 'owner.pdf')
      const paper = join(fixtures, 'documents/tracemonkey.pdf')
      await run('qpdf', [
        '--encrypt',
        '',
        'owner',
        '256',
        '--',
        '--empty',
        '--pages',
        paper,
        '1',
        '--',
        locked,
      ])
      expect((await parse({ path: locked, mime: '', name: 'owner.pdf' })).pages[0]?.state).toBe('read')
    })

    test('a page that cannot be parsed is failed, and says why', async () => {
      const whole = join(folder, 'whole.pdf')
      const paper = join(fixtures, 'documents/tracemonkey.pdf')
      await run('qpdf', [
        '--qdf',
        '--object-streams=disable',
        '--empty',
        '--pages',
        paper,
        '1-2',
        '--',
        whole,
      ])
      const bytes = await readFile(whole)
      const text = bytes.toString('latin1')
      const second = text.lastIndexOf('/Type /Page\n')
      bytes.fill(' ', text.lastIndexOf(' obj\n', second) + 5, text.indexOf('endobj', second))
      const { pages, total } = await parse({ bytes, mime: '', name: 'hurt.pdf' })
      expect(total).toBe(2)
      expect(pages.map(({ state }) => state)).toEqual(['read', 'failed'])
      expect(pages[1]?.error).toMatch(/wrong type of object/)
    })
  })
})
