import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../kernel/clock.ts'
import { createLocalParser, type LocalParser } from './local.ts'
import { ParsedPage, type ParserOptions } from './parser.ts'

/** Made by LibreOffice, qpdf, python-pptx and Python: see make.py there. */
const FOLDER = join(import.meta.dirname, '../../../test/fixtures/documents')
const MINUTES = { timeout: 120_000 }

let parser: LocalParser
beforeAll(() => {
  parser = createLocalParser({ clock: systemClock })
})
afterAll(() => parser.close())

async function parse(
  name: string,
  options: Partial<ParserOptions> = {},
  mime = '',
  path = join(FOLDER, name),
) {
  const pages: ParsedPage[] = []
  const answer = await parser.parse(
    { path, mime, name },
    { ...options, onPage: (page) => void pages.push(ParsedPage.parse(page)) },
  )
  expect(pages.map(({ number }) => number)).toEqual(Array.from({ length: answer.total }, (_, n) => n + 1))
  for (const { page } of answer.outline ?? []) expect(page).toBeLessThanOrEqual(answer.total)
  return { ...answer, pages, first: pages[0] }
}
const codeOf = (parsing: Promise<unknown>): Promise<string> =>
  parsing.then(
    () => 'nothing failed',
    (error) => String(error.code),
  )

const CONTRIBUTIONS = {
  header: true,
  rows: [
    ['Хто', 'Скільки', 'Коли'],
    ['Родина', '120 ₴', 'до 5 числа'],
    ['Крамниця | кіоск', '300 ₴', 'до 10 числа'],
  ],
}
const STATUTE_OUTLINE = ['Статут спільноти', 'Внески', 'Загальні збори']

describe('texts with headings, lists, a table, a link, a picture', MINUTES, () => {
  test.each([
    ['statute.docx', 'local/mammoth', 1],
    ['statute.odt', 'local/opendocument', 1],
    ['statute.html', 'local/readability', 1],
    ['statute.rtf', 'local/rtf', 1],
  ])('%s', async (name, engine, pictures) => {
    const { first, title, outline, ...answer } = await parse(name, { pictures: true })
    expect(answer).toMatchObject({ engine, total: 1 })
    expect(title).toMatch(/^Статут/)
    expect(outline?.map((item) => item.title)).toEqual(STATUTE_OUTLINE)
    expect(outline?.map(({ level }) => level)).toEqual([1, 2, 2])
    expect(first?.tables).toEqual([CONTRIBUTIONS])
    expect(first?.place).toEqual({ kind: 'section', label: 'Статут спільноти' })
    expect(first?.pictures).toHaveLength(pictures)
    expect(first?.pictures?.[0]?.mime).toBe('image/png')
    expect(first?.text).toContain('• Щомісячний\n• Добровільний\n  • на ліфт\n')
    expect(first?.text).toContain('Родина | 120 ₴ | до 5 числа')
    expect(first?.markdown).toContain('## Внески\n\n- Щомісячний\n- Добровільний\n  - на ліфт')
    expect(first?.markdown).toContain('1. Сплатити\n2. Зберегти квитанцію')
    expect(first?.markdown).toContain('| Крамниця \\| кіоск | 300 ₴ | до 10 числа |')
    if (name !== 'statute.rtf') expect(first?.markdown).toContain('[сайті дому](https://example.org/dim)')
    expect(first?.text).not.toMatch(/alert|Головна/)
  })

  test('pictures come only where they are asked for', async () => {
    expect((await parse('statute.odt')).first?.pictures).toBeUndefined()
  })

  test.each(['book.docx', 'book.odt'])('%s: a note stands behind the text, its mark in it', async (name) => {
    const { first } = await parse(name)
    expect(first?.text).toContain('Дорога[1] вела через поле.')
    expect(
      first?.text.trimEnd().endsWith('1. Так звався старий шлях.') ||
        first?.text.endsWith('[1] Так звався старий шлях.'),
    ).toBe(true)
  })
})

test('a book by its chapters, named as its contents name them', MINUTES, async () => {
  const { outline, pages, total } = await parse('book.epub')
  expect(total).toBe(2)
  expect(pages.map(({ place }) => place?.label)).toEqual(['Розділ перший. Дорога', 'Розділ другий. Дім'])
  expect(outline?.map(({ page, title }) => [title, page])).toEqual([
    ['Розділ перший. Дорога', 1],
    ['Розділ другий. Дім', 2],
  ])
  expect(pages[1]?.text).toContain('Дім стояв край села.')
})

test.each(['budget.xlsx', 'budget.ods'])(
  '%s: sheets as tables, figures as they are shown',
  MINUTES,
  async (name) => {
    const { outline, pages, title } = await parse(name)
    expect(title).toBe('budget')
    expect(pages.map(({ place, state }) => [place?.kind, place?.label, state])).toEqual([
      ['sheet', 'Бюджет', 'read'],
      ['sheet', 'Порожній', 'empty'],
      ['sheet', 'Приховане', 'read'],
    ])
    expect(outline?.map((item) => item.title)).toEqual(['Бюджет', 'Порожній', 'Приховане'])
    expect(pages[0]?.tables?.[0]).toEqual({
      header: true,
      rows: [
        ['Стаття', 'Дата', 'Сума', 'Частка'],
        ['Ліфт', '05.03.2026', '12,500.50 ₴', '62.5%'],
        ['Двір & сад', '23.11.2026', '7,500.00 ₴', '37.5%'],
        // A formula by its value.
        ['Разом', '', '20,000.50 ₴', '1'],
      ],
    })
    expect(pages[0]?.text).toContain('Двір & сад | 23.11.2026 | 7,500.00 ₴ | 37.5%')
  },
)

test('separated values in an old encoding, with quoted separators and line ends', MINUTES, async () => {
  const { first } = await parse('table.csv')
  expect(first?.tables?.[0]?.rows).toEqual([
    ['Ім’я', 'Сума', 'Примітка'],
    ['Олена', '1,5', 'сад; двір\nі дах'],
    ['Петро', '2', ''],
  ])
})

test.each(['talk.pptx', 'talk.odp'])(
  '%s: slides with titles, notes, a table, a picture',
  MINUTES,
  async (name) => {
    const { outline, pages } = await parse(name, { pictures: true })
    expect(pages.map(({ place, state }) => [place?.kind, place?.label, state])).toEqual([
      ['slide', '1', 'read'],
      ['slide', '2', 'read'],
      ['slide', '3', 'empty'],
    ])
    expect(outline?.slice(0, 2).map((item) => item.title)).toEqual(['Сад на даху', 'Дерева за роками'])
    expect(pages[0]?.headings).toEqual([{ level: 2, text: 'Сад на даху' }])
    expect(pages[0]?.text).toContain('Навіщо нам сад')
    expect(pages[0]?.text).toContain('тінь улітку')
    expect(pages[0]?.markdown).toContain('> Почати з подяки садівникам.')
    expect(pages[1]?.tables).toEqual([
      {
        header: true,
        rows: [
          ['Рік', 'Дерев'],
          ['2025', '40'],
          ['2026', '65'],
        ],
      },
    ])
    expect(pages[1]?.pictures?.[0]?.mime).toBe('image/png')
  },
)

describe('a PDF', MINUTES, () => {
  const check = async (options: Partial<ParserOptions>, name: string) => {
    const { outline, pages } = await parse(name, options)
    expect(outline).toEqual([
      { title: 'Звіт правління', level: 1, page: 1 },
      { title: 'Витрати за місяцями', level: 2, page: 1 },
      { title: 'Мешканці за під’їздами', level: 2, page: 1 },
      { title: 'Плани', level: 1, page: 2 },
    ])
    const [ruled, aligned] = pages[0]?.tables ?? []
    expect(ruled?.rows).toEqual([
      ['Місяць', 'Сума', 'Примітка'],
      ['Січень', '1 200', expect.stringMatching(/^Фарба .* мешканці другого під’їзду$/)],
      ['Лютий', '3 450', ''],
      ['Березень', '980', 'Саджанці'],
    ])
    expect(aligned?.rows.slice(0, 2)).toEqual([
      ['Під’їзд', 'Квартир', 'Мешканців'],
      ['Перший', '18', '41'],
    ])
    expect(pages[0]?.headings?.map(({ text }) => text)).toEqual([
      'Звіт правління',
      'Витрати за місяцями',
      'Мешканці за під’їздами',
    ])
    expect(pages[0]?.place).toEqual({ kind: 'page', label: '1' })
    // Words around a table keep their places.
    const text = pages[0]?.text ?? ''
    expect(text.indexOf('Витрати')).toBeLessThan(text.indexOf('Лютий | 3 450'))
    expect(text.indexOf('Саджанці')).toBeLessThan(text.indexOf('Мешканці за'))
    expect(text.trimEnd()).toMatch(/Подальші плани .* у відпустці\.$/)
  }

  test('tables with rules and without, headings, bookmarks', () => check({}, 'report.pdf'))

  test('under a password', async () => {
    await check({ password: 'таємниця' }, 'locked.pdf')
    expect(await codeOf(parse('locked.pdf'))).toBe('file.encrypted')
    expect(await codeOf(parse('locked.pdf', { password: 'інше' }))).toBe('file.wrong_password')
  })
})

test('a letter: who, to whom, its table, and each attachment by its own kind', MINUTES, async () => {
  const { outline, pages, title } = await parse('letter.eml')
  expect(title).toBe('Протокол зборів')
  expect(pages.map(({ place }) => `${place?.kind}: ${place?.label}`)).toEqual([
    'message: Протокол зборів',
    'entry: протокол.txt',
    'entry: бюджет.xlsx › Бюджет',
    'entry: бюджет.xlsx › Порожній',
    'entry: бюджет.xlsx › Приховане',
  ])
  expect(pages[0]?.text).toContain('From: Олена Гай <olena@example.org>\nTo: Правління <board@example.org>')
  expect(pages[0]?.tables).toEqual([
    {
      header: true,
      rows: [
        ['Хто', 'Голос'],
        ['Гай', 'за'],
      ],
    },
  ])
  expect(pages[1]?.text).toBe('Рішення: сад буде.')
  expect(outline?.[0]).toEqual({ title: 'Протокол зборів', level: 1, page: 1 })
})

test('a box of letters', MINUTES, async () => {
  const { pages } = await parse('letters.mbox')
  expect(pages.map(({ place }) => place?.label)).toEqual(['Лист 1', 'Лист 2'])
  expect(pages[0]?.text).toMatch(/Перший лист\.\nFrom here on it is quoted\.$/)
  expect(pages[1]?.text).toContain('Другий лист.')
})

test('an archive: every entry, its own archive too, and what cannot be read says why', MINUTES, async () => {
  const { engine, pages } = await parse('papers.zip')
  expect(engine).toBe('local/zip')
  expect(pages.map(({ error, place, state }) => [place?.label, error ?? state])).toEqual([
    ['папка/statute.docx › Статут спільноти', 'read'],
    ['папка/budget.xlsx › Бюджет', 'read'],
    ['папка/budget.xlsx › Порожній', 'empty'],
    ['папка/budget.xlsx › Приховане', 'read'],
    ['папка/записка.txt', 'read'],
    ['program.exe', 'file.unsupported'],
    ['inner.zip › лист.md › Лист', 'read'],
  ])
  expect(pages[4]?.text).toBe('Ключі в консьєржки.')
})

test('what a document is, its bytes say, whatever it is called', MINUTES, async () => {
  const asked = await Promise.all(
    ['budget.xlsx', 'statute.rtf', 'letter.eml', 'statute.html', 'talk.odp', 'book.epub'].map((name) =>
      parse('letter.pdf', {}, 'application/pdf', join(FOLDER, name)),
    ),
  )
  expect(asked.map(({ engine }) => engine)).toEqual([
    'local/sheets',
    'local/rtf',
    'local/postal-mime',
    'local/readability',
    'local/opendocument',
    'local/epub',
  ])
})

test('a long sheet goes on over several pages, each under the names of its columns', MINUTES, async () => {
  const rows = Array.from({ length: 2_000 }, (_, n) => `Мешканець ${n},${n % 40},сплачено`)
  const bytes = Buffer.from(`Хто,Квартира,Стан\n${rows.join('\n')}\n`)
  const pages: ParsedPage[] = []
  await parser.parse(
    { bytes, mime: 'text/csv', name: 'список.csv' },
    { onPage: (page) => void pages.push(page) },
  )
  expect(pages.length).toBeGreaterThan(3)
  for (const { place, tables, text } of pages) {
    expect(place).toEqual({ kind: 'sheet', label: 'список' })
    expect(tables?.[0]?.rows[0]).toEqual(['Хто', 'Квартира', 'Стан'])
    expect(text.length).toBeLessThan(20_000)
  }
  expect(pages.flatMap(({ tables }) => tables?.[0]?.rows.slice(1) ?? [])).toHaveLength(2_000)
})

test('a picture is a page to be recognised, a TIFF has as many as it holds', MINUTES, async () => {
  const { default: sharp } = await import('sharp')
  const frame = sharp({ create: { width: 60, height: 40, channels: 3, background: '#fff' } })
  const raw = await frame.clone().raw().toBuffer()
  const both = { width: 60, height: 80, channels: 3, pageHeight: 40 } as const
  const tiff = await sharp(Buffer.concat([raw, raw]), { raw: both })
    .tiff()
    .toBuffer()
  const webp = await frame.webp().toBuffer()
  for (const [bytes, name, count] of [
    [tiff, 'scan.tiff', 2],
    [webp, 'photo.webp', 1],
  ] as const) {
    const pages: ParsedPage[] = []
    await parser.parse({ bytes, mime: '', name }, { onPage: (page) => void pages.push(page) })
    expect(pages.map(({ state }) => state)).toEqual(Array.from({ length: count }, () => 'scan'))
    expect(
      Buffer.from(pages[0]?.image ?? [])
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG')
  }
})

test('nothing of it has ended a child', async () => {
  expect(parser.state()).toMatchObject({ crashed: 0, quarantined: 0 })
})
