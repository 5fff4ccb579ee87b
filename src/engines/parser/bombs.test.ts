import { expect, test } from 'vitest'
import { text, zip } from '../../../test/kit/bad-files.ts'
import { AppError } from '../../kernel/errors.ts'
import { openDocument } from './open-document.ts'
import { openOptions } from './opened.ts'

/** What each format could be made to grow by, opened here, so that a limit shows and not a child's end. */
const MINUTE = { timeout: 60_000 }

async function open(bytes: Uint8Array, name: string) {
  const document = await openDocument(bytes, { mime: '', name }, openOptions({ maxPages: 20 }))
  const pages = await Promise.all(Array.from({ length: document.total }, (_, n) => document.page(n + 1)))
  await document.close()
  return pages
}
const codeOf = (opening: Promise<unknown>): Promise<string> =>
  opening.then(
    () => 'opened',
    (error: unknown) => AppError.from(error).code,
  )

const part = (name: string, content: string) => ({ name, content: text(content) })
const OPEN = 'application/vnd.oasis.opendocument'
const opened = (kind: string, content: string) =>
  zip([part('mimetype', `${OPEN}.${kind}`), part('content.xml', content)])
const TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml'
const workbook = (strings: string, sheet: string) =>
  zip([
    part(
      '[Content_Types].xml',
      `<Types><Override PartName="/xl/workbook.xml" ContentType="${TYPE}"/></Types>`,
    ),
    part('xl/workbook.xml', '<workbook><sheets><sheet name="A" r:id="r1"/></sheets></workbook>'),
    part(
      'xl/_rels/workbook.xml.rels',
      '<R><Relationship Id="r1" Type="x/worksheet" Target="sheet.xml"/><Relationship Id="r2" Type="x/sharedStrings" Target="s.xml"/></R>',
    ),
    part('xl/s.xml', strings),
    part('xl/sheet.xml', sheet),
  ])

test('elements within elements', MINUTE, async () => {
  const deep = `${'<text:span>'.repeat(2_000)}x${'</text:span>'.repeat(2_000)}`
  expect(await codeOf(open(opened('text', `<text:p>${deep}</text:p>`), 'a.odt'))).toBe('file.bomb')
})

test('entities that name entities stay names', MINUTE, async () => {
  const lol = `<!DOCTYPE sst [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]><sst><si><t>&c; &#38; так</t></si></sst>`
  const [page] = await open(workbook(lol, '<row><c t="s"><v>0</v></c></row>'), 'a.xlsx')
  expect(page?.text).toContain('&c; & так')
})

test('one long string in every cell of a sheet', MINUTE, async () => {
  const strings = `<sst><si><t>${'слово '.repeat(2_000)}</t></si></sst>`
  const sheet = Array.from({ length: 20_000 }, (_, n) => `<row r="${n}"><c t="s"><v>0</v></c></row>`).join('')
  expect(await codeOf(open(workbook(strings, `<sheetData>${sheet}</sheetData>`), 'a.xlsx'))).toBe(
    'file.too_many_pages',
  )
})

test('a row that is there a million times, a cell at the far end', MINUTE, async () => {
  const row =
    '<table:table-row table:number-rows-repeated="1000000"><table:table-cell table:number-columns-repeated="16000"><text:p>багато слів</text:p></table:table-cell></table:table-row>'
  const sheet = `<table:table table:name="A">${row}</table:table>`
  expect(await codeOf(open(opened('spreadsheet', sheet.repeat(3)), 'a.ods'))).toBe('file.too_many_pages')
  const [page] = await open(
    workbook('<sst/>', '<row><c r="A1"><v>1</v></c><c r="XFD1"><v>2</v></c></row>'),
    'a.xlsx',
  )
  expect(page?.tables?.[0]?.rows).toEqual([['1']])
})

test('groups within groups of RTF', MINUTE, async () => {
  const rtf = `{\\rtf1 ${'{'.repeat(5_000)}x${'}'.repeat(5_000)}}`
  expect(await codeOf(open(text(rtf), 'a.rtf'))).toBe('file.bomb')
})

test('letters within letters', MINUTE, async () => {
  let letter = 'From: a@b.c\r\nTo: a@b.c\r\nSubject: inside\r\n\r\nwords\r\n'
  for (let depth = 0; depth < 6; depth++)
    letter = `From: a@b.c\r\nSubject: ${depth}\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream; name="a.eml"\r\nContent-Disposition: attachment; filename="a.eml"\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(letter).toString('base64')}\r\n`
  expect(await codeOf(open(text(letter), 'a.eml'))).toBe('file.bomb')
})

test('a page of the web with tags within tags is read, up to a depth', MINUTE, async () => {
  expect(await codeOf(open(text(`<html>${'<b>'.repeat(100_000)}`), 'a.html'))).toBe('file.bomb')
  const html = `<!doctype html><html><body>${'<div>'.repeat(3_000)}слова${'</div>'.repeat(3_000)}<table>${'<tr>'.repeat(10)}<td colspan="1000000" rowspan="1000000">клітинка</td></table></body></html>`
  expect((await open(text(html), 'a.html'))[0]?.text).toBe('слова\n\nклітинка')
})

test('quotes without an end, and a line without one', MINUTE, async () => {
  expect((await open(text(`a,"b\n${'"'.repeat(100_001)}`), 'a.csv')).length).toBeGreaterThan(0)
  expect((await open(text(`a;${'b'.repeat(200_000)}`), 'a.csv')).length).toBeGreaterThan(10)
})
