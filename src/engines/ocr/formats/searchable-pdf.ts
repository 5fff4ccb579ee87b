import { deflateSync } from 'node:zlib'
import { engineError } from '../../engine.errors.ts'
import type { OcrText } from '../ocr.ts'
import { EM, GLYPH_WIDTH, glyphlessFont } from './glyphless-font.ts'
import { type LaidLine, type LaidPage, laidOut } from './layout.ts'

/** A page as a JPEG in RGB or grey, turned as `OcrText.pages` says; it may be smaller than what was read. */
interface PagePicture {
  readonly jpeg: Uint8Array
  readonly width: number
  readonly height: number
  readonly grey: boolean
}

/** The picture of each page with its words invisible over it: looks like the scan, can be searched and copied, in any alphabet. A page is as long as A4 at most. Throws `file.unreadable` where a page has no picture. */
export function toSearchablePdf(reading: OcrText, pictures: readonly PagePicture[]): Uint8Array {
  const pages = laidOut(reading)
  const codes = codesOf(reading)
  const objects: Buffer[] = []
  const add = (body: Buffer | string): number => objects.push(Buffer.from(body))
  const stream = (dictionary: string, bytes: Uint8Array): number =>
    add(
      Buffer.concat([
        Buffer.from(`<< ${dictionary} /Length ${bytes.length} >>\nstream\n`),
        bytes,
        Buffer.from('\nendstream'),
      ]),
    )
  const packed = (dictionary: string, bytes: Buffer | Uint8Array): number =>
    stream(`${dictionary} /Filter /FlateDecode`, deflateSync(bytes))

  const catalog = add(`<< /Type /Catalog /Pages ${TREE} 0 R >>`)
  objects.push(Buffer.alloc(0))
  const font = addFont(add, packed, codes)
  const kids = pages.map((page, index) => {
    const picture = pictures[index]
    if (!picture) throw engineError('file.unreadable')
    const scale = Math.min(1, LONGEST_PT / Math.max(page.width, page.height))
    const [width, height] = [pt(page.width * scale), pt(page.height * scale)]
    const image = stream(
      `/Type /XObject /Subtype /Image /Width ${picture.width} /Height ${picture.height} /ColorSpace /${picture.grey ? 'DeviceGray' : 'DeviceRGB'} /BitsPerComponent 8 /Filter /DCTDecode`,
      picture.jpeg,
    )
    const drawn = `q ${width} 0 0 ${height} 0 0 cm /Im0 Do Q\n${textOf(page, scale, codes)}`
    const content = packed('', Buffer.from(drawn))
    return add(
      `<< /Type /Page /Parent ${TREE} 0 R /MediaBox [0 0 ${width} ${height}] /Contents ${content} 0 R /Resources << /XObject << /Im0 ${image} 0 R >> /Font << /F0 ${font} 0 R >> >> >>`,
    )
  })
  objects[TREE - 1] = Buffer.from(
    `<< /Type /Pages /Count ${kids.length} /Kids [${kids.map((kid) => `${kid} 0 R`).join(' ')}] >>`,
  )
  return written(objects, catalog)
}

/** The number of the page tree's object, which its pages name before it is written. */
const TREE = 2
/** A4. */
const LONGEST_PT = 842

/** The letters that occur, each with a code of its own from 1. The space is 1. */
function codesOf({ words }: OcrText): ReadonlyMap<string, number> {
  const letters = new Set([' ', ...words.flatMap(({ text }) => lettersOf(text))])
  return new Map([...letters].slice(0, 0xfffe).map((letter, index) => [letter, index + 1]))
}

/** Half a surrogate is no letter. */
const lettersOf = (text: string): readonly string[] => [...text.replace(/\p{Cs}/gu, '\u{FFFD}')]

function addFont(
  add: (body: string) => number,
  packed: (dictionary: string, bytes: Buffer | Uint8Array) => number,
  codes: ReadonlyMap<string, number>,
): number {
  const program = glyphlessFont()
  const file = packed(`/Length1 ${program.length}`, program)
  const descriptor = add(
    `<< /Type /FontDescriptor /FontName /${NAME} /Flags 4 /FontBBox [0 -200 500 800] /ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 800 /StemV 80 /FontFile2 ${file} 0 R >>`,
  )
  const glyphs = Buffer.alloc((codes.size + 1) * 2)
  for (let code = 1; code <= codes.size; code++) glyphs.writeUInt16BE(1, code * 2)
  const toGlyph = packed('', glyphs)
  const descendant = add(
    `<< /Type /Font /Subtype /CIDFontType2 /BaseFont /${NAME} /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor ${descriptor} 0 R /DW ${GLYPH_WIDTH} /CIDToGIDMap ${toGlyph} 0 R >>`,
  )
  const toUnicode = packed('', Buffer.from(unicodeMap(codes)))
  return add(
    `<< /Type /Font /Subtype /Type0 /BaseFont /${NAME} /Encoding /Identity-H /DescendantFonts [${descendant} 0 R] /ToUnicode ${toUnicode} 0 R >>`,
  )
}

const NAME = 'Glyphless'
/** Entries of one section of a CMap, by its specification. */
const MAX_SECTION = 100

function unicodeMap(codes: ReadonlyMap<string, number>): string {
  const entries = [...codes].map(([letter, code]) => {
    const utf16 = Buffer.from(letter, 'utf16le').swap16().toString('hex')
    return `<${hex(code)}> <${utf16}>`
  })
  const sections = Array.from({ length: Math.ceil(entries.length / MAX_SECTION) }, (_, index) => {
    const own = entries.slice(index * MAX_SECTION, (index + 1) * MAX_SECTION)
    return `${own.length} beginbfchar\n${own.join('\n')}\nendbfchar`
  })
  return `/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <ffff>
endcodespacerange
${sections.join('\n')}
endcmap
CMapName currentdict /CMap defineresource pop
end
end`
}

/** The words of a page in invisible ink (render mode 3), each stretched over its own box and followed by a space as wide as the gap. */
function textOf(page: LaidPage, scale: number, codes: ReadonlyMap<string, number>): string {
  const lines = page.blocks.flatMap(({ lines }) =>
    lines.map((line) => lineOf(line, page.height, scale, codes)),
  )
  return lines.length > 0 ? `BT 3 Tr\n${lines.join('\n')}\nET` : ''
}

function lineOf(
  { box, words }: LaidLine,
  pageHeight: number,
  scale: number,
  codes: ReadonlyMap<string, number>,
): string {
  const size = Math.max(1, (box.y1 - box.y0) * scale)
  // Letters stand on a baseline a fifth of the line above its foot.
  const baseline = (pageHeight - box.y1) * scale + size / 5
  const shown = words.map(({ box: { x0, x1 }, text }, index) => {
    const coded = lettersOf(text).map((letter) => hex(codes.get(letter) ?? 0))
    const natural = coded.length * size * (GLYPH_WIDTH / EM)
    const next = words[index + 1]?.box.x0
    const gap =
      next === undefined
        ? ''
        : ` ${percent((next - x1) * scale, size * (GLYPH_WIDTH / EM))} Tz <${hex(1)}> Tj`
    return `1 0 0 1 ${pt(x0 * scale)} ${pt(baseline)} Tm ${percent((x1 - x0) * scale, natural)} Tz <${coded.join('')}> Tj${gap}`
  })
  return [`/F0 ${pt(size)} Tf`, ...shown].join('\n')
}

const pt = (value: number): string => String(Number(value.toFixed(2)))
const percent = (wanted: number, natural: number): string => pt(Math.max(1, (wanted / natural) * 100))
const hex = (code: number): string => code.toString(16).padStart(4, '0')

function written(objects: readonly Buffer[], catalog: number): Uint8Array {
  // The second line tells programs that move files that this one is binary.
  const parts = [Buffer.from('%PDF-1.5\n%\xE2\xE3\xCF\xD3\n', 'latin1')]
  let at = parts[0]?.length ?? 0
  const offsets = objects.map((body, index) => {
    const whole = Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), body, Buffer.from('\nendobj\n')])
    const offset = at
    parts.push(whole)
    at += whole.length
    return `${String(offset).padStart(10, '0')} 00000 n \n`
  })
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join('')}`
  const trailer = `trailer\n<< /Size ${objects.length + 1} /Root ${catalog} 0 R >>\nstartxref\n${at}\n%%EOF\n`
  return new Uint8Array(Buffer.concat([...parts, Buffer.from(table + trailer)]))
}
