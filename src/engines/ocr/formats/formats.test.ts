import { Parser } from 'htmlparser2'
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import type { OcrText } from '../ocr.ts'
import { toAlto } from './alto.ts'
import { toHocr } from './hocr.ts'
import { toSearchablePdf } from './searchable-pdf.ts'
import { toTsv } from './tsv.ts'

const word = (text: string, x0: number, y0: number, place: object) => ({
  text,
  confidence: 0.875,
  box: { x0, y0, x1: x0 + text.length * 10, y1: y0 + 20 },
  ...place,
})

/** Two pages; the first has two blocks, and words that markup would trip over. */
const READING: OcrText = {
  text: 'Площа Ринок\nїжак <b>&"\'\n\nБ/с 🦔\n\nSecond page',
  confidence: 0.875,
  engine: 'tesseract/<eng>+"ukr"',
  words: [
    word('Площа', 40, 30, { page: 1, block: 1, line: 1 }),
    word('Ринок', 100, 30, { page: 1, block: 1, line: 1 }),
    word('їжак', 40, 60, { page: 1, block: 1, line: 2 }),
    word('<b>&"\'', 90, 60, { page: 1, block: 1, line: 2 }),
    word('Б/с', 40, 200, { page: 1, block: 2, line: 3 }),
    word('🦔', 80, 200, { page: 1, block: 2, line: 3 }),
    word('Second', 10, 10, { page: 2, block: 1, line: 1 }),
    word('page', 90, 10, { page: 2, block: 1, line: 1 }),
  ],
  pages: [
    { width: 400, height: 300, turned: 0 },
    { width: 200, height: 100, turned: 90 },
  ],
}
const WORDS = READING.words.map(({ text }) => text)
const EMPTY: OcrText = {
  text: '',
  confidence: 0,
  engine: 'tesseract',
  words: [],
  pages: [{ width: 9, height: 8, turned: 0 }],
}

interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly path: string
  text: string
}

/** Every element in its order, each closed where it was opened. */
function elementsOf(xml: string): readonly Element[] {
  const found: Element[] = []
  const open: Element[] = []
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        const path = [...open.map((one) => one.attributes.class ?? one.name), attributes.class ?? name].join(
          '/',
        )
        const one = { name, attributes, path, text: '' }
        found.push(one)
        open.push(one)
      },
      ontext(text) {
        const last = open.at(-1)
        if (last) last.text += text
      },
      onclosetag(name) {
        expect(open.pop()?.name).toBe(name)
      },
    },
    { xmlMode: true, decodeEntities: true },
  )
  parser.end(xml)
  return found
}

/** Ids are unique, and every box stands within the one around it. */
function idsOf(elements: readonly Element[], attribute: string): readonly string[] {
  const ids = elements.flatMap(({ attributes }) => attributes[attribute] ?? [])
  expect(new Set(ids).size).toBe(ids.length)
  return ids
}

test('hOCR: pages, areas, paragraphs, lines and words as the specification nests them', () => {
  const elements = elementsOf(toHocr(READING))
  idsOf(elements, 'id')
  const words = elements.filter(({ attributes }) => attributes.class === 'ocrx_word')
  expect(words.map(({ text }) => text)).toEqual(WORDS)
  expect(new Set(words.map(({ path }) => path))).toEqual(
    new Set(['html/body/ocr_page/ocr_carea/ocr_par/ocr_line/ocrx_word']),
  )
  expect(words[0]?.attributes.title).toBe('bbox 40 30 90 50; x_wconf 88')
  const pages = elements.filter(({ attributes }) => attributes.class === 'ocr_page')
  expect(pages.map(({ attributes }) => attributes.title)).toEqual([
    'bbox 0 0 400 300; ppageno 0',
    'bbox 0 0 200 100; ppageno 1',
  ])
  const lines = elements.filter(({ attributes }) => attributes.class === 'ocr_line')
  expect(lines.map(({ attributes }) => attributes.title)[0]).toBe('bbox 40 30 150 50')
  expect(lines).toHaveLength(4)
  const meta = elements.filter(({ name }) => name === 'meta').map(({ attributes }) => attributes)
  expect(meta).toContainEqual({ name: 'ocr-system', content: READING.engine })
  const named = meta.find(({ name }) => name === 'ocr-capabilities')?.content?.split(' ') ?? []
  for (const { attributes } of elements) if (attributes.class) expect(named).toContain(attributes.class)
})

test('TSV: the rows and columns of tesseract', () => {
  const [head = '', ...rows] = toTsv(READING).trimEnd().split('\n')
  expect(head).toBe(
    'level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext',
  )
  const cells = rows.map((row) => row.split('\t'))
  for (const row of cells) expect(row).toHaveLength(12)
  expect(cells.map(([level]) => level).join('')).toBe('1234554552345512345' + '5')
  expect(cells.filter(([level]) => level === '5').map((row) => row.at(-1))).toEqual(WORDS)
  expect(rows[0]).toBe('1\t1\t0\t0\t0\t0\t0\t0\t400\t300\t-1\t')
  expect(rows[4]).toBe('5\t1\t1\t1\t1\t1\t40\t30\t50\t20\t87.500000\tПлоща')
  expect(rows[10]?.split('\t').slice(0, 6)).toEqual(['3', '1', '2', '1', '0', '0'])
  const odd = { ...READING, words: [word('a\tb\nc', 0, 0, { block: 1, line: 1 })] }
  expect(toTsv(odd).trimEnd().split('\n').at(-2)?.split('\t').at(-1)).toBe('a b c')
})

test('ALTO 4: its tree, its required attributes, confidence from 0 to 1', () => {
  const elements = elementsOf(toAlto(READING))
  idsOf(elements, 'ID')
  expect(elements[0]?.attributes.xmlns).toBe('http://www.loc.gov/standards/alto/ns-v4#')
  expect(elements.find(({ name }) => name === 'MeasurementUnit')?.text).toBe('pixel')
  expect(elements.find(({ name }) => name === 'softwareName')?.text).toBe(READING.engine)
  const strings = elements.filter(({ name }) => name === 'String')
  expect(strings.map(({ attributes }) => attributes.CONTENT)).toEqual(WORDS)
  for (const { attributes, path } of strings) {
    expect(path).toBe('alto/Layout/Page/PrintSpace/TextBlock/TextLine/String')
    expect(Number(attributes.WC)).toBeCloseTo(0.875)
  }
  expect(strings[1]?.attributes).toMatchObject({ HPOS: '100', VPOS: '30', WIDTH: '50', HEIGHT: '20' })
  // One space between two words of a line, none at its ends.
  expect(elements.filter(({ name }) => name === 'SP')).toHaveLength(4)
  const pages = elements.filter(({ name }) => name === 'Page')
  expect(pages.map(({ attributes }) => [attributes.PHYSICAL_IMG_NR, attributes.WIDTH])).toEqual([
    ['1', '400'],
    ['2', '200'],
  ])
})

test('what XML cannot hold is left out, an empty page stays a page', () => {
  const odd = { ...READING, words: [word('a\u0000b\u000B\uD800c', 0, 0, { block: 1, line: 1 })] }
  expect(elementsOf(toHocr(odd)).find(({ attributes }) => attributes.class === 'ocrx_word')?.text).toBe('abc')
  expect(elementsOf(toAlto(odd)).find(({ name }) => name === 'String')?.attributes.CONTENT).toBe('abc')
  expect(elementsOf(toHocr(EMPTY)).filter(({ attributes }) => attributes.class === 'ocr_page')).toHaveLength(
    1,
  )
  expect(elementsOf(toAlto(EMPTY)).filter(({ name }) => name === 'TextBlock')).toHaveLength(0)
  expect(toTsv(EMPTY).split('\n')[1]).toBe('1\t1\t0\t0\t0\t0\t0\t0\t9\t8\t-1\t')
})

test('words that no engine numbered take the lines and blocks of the text', () => {
  const { text, words } = { text: 'a b\nc\n\nd', words: ['a', 'b', 'c', 'd'] }
  const bare = { ...EMPTY, text, words: words.map((one, at) => word(one, at * 20, 0, {})) }
  const lines = elementsOf(toHocr(bare)).filter(({ attributes }) => attributes.class === 'ocrx_word')
  expect(lines.map(({ attributes }) => attributes.id)).toEqual([
    'word_1_1_1_1',
    'word_1_1_1_2',
    'word_1_1_2_1',
    'word_1_2_1_1',
  ])
})

const picture = async (width: number, height: number) => ({
  jpeg: new Uint8Array(
    await sharp({ create: { width, height, channels: 3, background: '#fff' } })
      .jpeg()
      .toBuffer(),
  ),
  width,
  height,
  grey: false,
})

test('a searchable PDF is read back word by word, each over its own place', async () => {
  const bytes = toSearchablePdf(READING, [await picture(400, 300), await picture(100, 50)])
  const loading = getDocument({ data: bytes, verbosity: 0, useSystemFonts: false })
  const pdf = await loading.promise
  try {
    expect(pdf.numPages).toBe(2)
    const page = await pdf.getPage(1)
    expect(page.view).toEqual([0, 0, 400, 300])
    const { items } = await page.getTextContent()
    const shown = items.flatMap((item) => ('str' in item && item.str.trim() !== '' ? [item] : []))
    expect(items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('')).toBe(
      'Площа Ринок\nїжак <b>&"\'\nБ/с 🦔',
    )
    const ink = shown.find(({ str }) => str.includes('їжак'))
    // A fifth of the line above its foot, counted from the bottom of the page.
    expect(ink?.transform.slice(4)).toEqual([40, 300 - 80 + 4])
    const first = shown.find(({ str }) => str.startsWith('Площа'))
    expect(first?.str === 'Площа' ? first.width : 50).toBeCloseTo(50, 0)
    const second = await (await pdf.getPage(2)).getTextContent()
    expect(second.items.map((item) => ('str' in item ? item.str : '')).join('')).toBe('Second page')
    const { fnArray } = await page.getOperatorList()
    expect(fnArray.length).toBeGreaterThan(0)
  } finally {
    await loading.destroy()
  }
  const large = { ...EMPTY, pages: [{ width: 2480, height: 3508, turned: 0 as const }] }
  expect(Buffer.from(toSearchablePdf(large, [await picture(62, 88)])).toString('latin1')).toContain(
    '/MediaBox [0 0 595.26 842]',
  )
  expect(() => toSearchablePdf(EMPTY, [])).toThrow(expect.objectContaining({ code: 'file.unreadable' }))
})
