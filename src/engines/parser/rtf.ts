import { engineError } from '../engine.errors.ts'
import { type BlockWriter, createBlockWriter } from './block-writer.ts'
import type { PictureTray } from './pictures.ts'
import type { Block } from './sections.ts'

interface Group {
  /** Whether what is said goes nowhere. */
  readonly isSilent: boolean
  /** Bytes that stand for one sign after `\u`. */
  fallback: number
  charset: string
}

const MAX_DEPTH = 200
const MAX_PICTURE_HEX = 32 * (1 << 20)

/** The words of an RTF: headings by their outline levels, paragraphs, lists, tables, notes, pictures. Format: Microsoft's RTF 1.9.1. Throws `file.bomb` where groups nest more than 200 deep. */
export function readRtf(bytes: Uint8Array, tray: PictureTray): readonly Block[] {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  const out = createBlockWriter()
  const groups: Group[] = []
  const fonts = new Map<number, string>()
  let group: Group = { isSilent: false, fallback: 1, charset: 'windows-1252' }
  let ansi = 'windows-1252'
  let font = 0
  let usual = 0
  let raw: number[] = []
  let skip = 0
  let listMark: string | null = null
  let listDepth = 0
  let itemMark = ''
  let itemDepth = 0
  let heading = 0
  let fontTable = 0
  const picture = { hex: '', depth: 0 }
  const rows = createRows(out)

  const flush = (): void => {
    if (raw.length === 0) return
    say(decoderOf(group.charset).decode(Uint8Array.from(raw)))
    raw = []
  }
  const say = (words: string): void => {
    if (group.isSilent) return
    if (listMark !== null) listMark += words
    else {
      rows.leave()
      if (heading > 0) out.heading(heading)
      else if (itemMark !== '') out.item(itemMark, itemDepth)
      out.words(words)
    }
  }
  const byte = (value: number): void => {
    if (skip > 0) skip--
    else if (!group.isSilent) raw.push(value)
  }

  const control = (word: string, value: number | undefined): void => {
    if (word === 'u' && value !== undefined) {
      flush()
      say(String.fromCharCode(value < 0 ? value + 65536 : value))
      skip = group.fallback
      return
    }
    flush()
    const sign = SIGNS[word]
    if (sign !== undefined) say(sign)
    else if (word === 'uc') group.fallback = Math.min(Math.max(0, value ?? 1), 16)
    else if (word === 'ansicpg') group.charset = ansi = codePage(value ?? 1252)
    else if (word === 'deff') usual = value ?? 0
    else if (word === 'plain') group.charset = fonts.get(usual) ?? ansi
    else if (word === 'f' && fontTable === 0) group.charset = fonts.get(value ?? 0) ?? ansi
    else if (word === 'f') font = value ?? 0
    else if (word === 'fcharset') fonts.set(font, CHARSETS[value ?? 0] ?? ansi)
    else if (group.isSilent) return
    else if (word === 'par' || word === 'sect' || word === 'page') {
      out.paragraph()
      itemMark = ''
    } else if (word === 'ilvl') itemDepth = value ?? 0
    else if (word === 'line') out.lineEnd()
    else if (word === 'pard') {
      rows.plain()
      heading = 0
    } else if (word === 'intbl') rows.inTable()
    else if (word === 'outlinelevel' && value !== undefined && value < 6) heading = value + 1
    else if (word === 'cell') rows.cell()
    else if (word === 'row') rows.row()
  }

  const open = (destination: string, isOptional: boolean): void => {
    if (destination === 'fonttbl') fontTable = groups.length
    if (destination === 'listtext' || destination === 'pntext') {
      listMark = ''
      listDepth = groups.length
    } else if (destination === 'pict' && !group.isSilent && tray.isOpen)
      Object.assign(picture, { hex: '', depth: groups.length })
    if (SILENT.has(destination) || (isOptional && !SPOKEN.has(destination)))
      group = { ...group, isSilent: true }
  }
  const close = (): void => {
    flush()
    if (listMark !== null && groups.length === listDepth) {
      const mark = listMark.trim()
      listMark = null
      itemMark = /^\(?\d+[.)]$/.test(mark) ? mark.replace(/[()]/g, '').replace(/\.?$/, '.') : '-'
      itemDepth = 0
    }
    if (picture.depth > 0 && groups.length === picture.depth) {
      const taken = tray.take(Buffer.from(picture.hex, 'hex'))
      if (taken) out.picture(taken)
      picture.depth = 0
    }
    if (groups.length === fontTable) fontTable = 0
    group = groups.pop() ?? group
  }

  const token = /\\([a-z]+)(-?\d{1,10})? ?|\\'([0-9a-f]{2})|\\([^a-z])|([{}])|([^\\{}\r\n]+)|[\r\n]+/gi
  let isFresh = false
  let isOptional = false
  for (const [, word, digits, hex, sign, brace, words] of source.matchAll(token)) {
    if (brace === '{') {
      flush()
      groups.push(group)
      if (groups.length > MAX_DEPTH) throw engineError('file.bomb')
      group = { ...group }
      isFresh = true
      isOptional = false
      continue
    }
    if (sign === '*' && isFresh) {
      isOptional = true
      continue
    }
    const value = digits === undefined ? undefined : Number(digits)
    if (isFresh && word !== undefined) open(word.toLowerCase(), isOptional)
    else if (isFresh && isOptional) group = { ...group, isSilent: true }
    isFresh = false
    if (brace === '}') close()
    else if (word === 'bin') return out.blocks()
    else if (word !== undefined) control(word, value)
    else if (hex !== undefined) byte(Number.parseInt(hex, 16))
    else if (sign !== undefined) {
      flush()
      if (sign === '~') say('\u00a0')
      else if (sign === '_') say('-')
      else if (sign === '\\' || sign === '{' || sign === '}') byte(sign.charCodeAt(0))
    } else if (words !== undefined && picture.depth > 0) {
      // Groups within a picture tell about it.
      if (groups.length === picture.depth && picture.hex.length < MAX_PICTURE_HEX)
        picture.hex += words.replace(/[^0-9a-f]/gi, '')
    } else if (words !== undefined) for (const letter of words) byte(letter.charCodeAt(0) & 0xff)
  }
  flush()
  rows.end()
  return out.blocks()
}

/** Tables have no beginning in RTF: a paragraph that says it is in one begins it, one that does not ends it. */
function createRows(out: BlockWriter) {
  let isOpen = false
  let isWanted = false
  let isRow = false
  const begin = (): void => {
    if (!isOpen) out.table()
    isOpen = true
    if (!isRow) {
      out.row()
      out.cell()
    }
    isRow = true
  }
  const end = (): void => {
    if (isOpen) out.endTable()
    isOpen = false
    isRow = false
  }
  return {
    plain: () => {
      isWanted = false
    },
    inTable: () => {
      isWanted = true
      begin()
    },
    cell: () => {
      if (!isRow) begin()
      out.paragraph()
      out.cell()
    },
    row: () => {
      isRow = false
    },
    /** Called before words that stand in no table. */
    leave: () => {
      if (isOpen && !isWanted && !isRow) end()
    },
    end,
  }
}

const SIGNS: Readonly<Record<string, string>> = {
  tab: '\t',
  emdash: '—',
  endash: '–',
  emspace: ' ',
  enspace: ' ',
  bullet: '•',
  lquote: '‘',
  rquote: '’',
  ldblquote: '“',
  rdblquote: '”',
}

const SILENT: ReadonlySet<string> = new Set(
  'fonttbl colortbl stylesheet info pict header headerl headerr headerf footer footerl footerr footerf themedata colorschememapping datastore latentstyles listtable listoverridetable rsidtbl generator fldinst object revtbl annotation atnid atnauthor filetbl xmlnstbl nonshppict ftnsep ftnsepc aftnsep aftnsepc bkmkstart bkmkend'.split(
    ' ',
  ),
)

/** Destinations that a reader may pass over, but whose words are shown. */
const SPOKEN: ReadonlySet<string> = new Set([
  'shppict',
  'shptxt',
  'shpinst',
  'shprslt',
  'listtext',
  'pntext',
  'ud',
  'upr',
  'fonttbl',
])

const CHARSETS: Readonly<Record<number, string>> = {
  77: 'macintosh',
  128: 'shift_jis',
  129: 'euc-kr',
  134: 'gbk',
  136: 'big5',
  161: 'windows-1253',
  162: 'windows-1254',
  163: 'windows-1258',
  177: 'windows-1255',
  178: 'windows-1256',
  186: 'windows-1257',
  204: 'windows-1251',
  222: 'windows-874',
  238: 'windows-1250',
}

const codePage = (number: number): string =>
  ({
    65001: 'utf-8',
    866: 'ibm866',
    10000: 'macintosh',
    10007: 'x-mac-cyrillic',
    932: 'shift_jis',
    936: 'gbk',
    949: 'euc-kr',
    950: 'big5',
  })[number] ?? (number >= 1250 && number <= 1258 ? `windows-${number}` : 'windows-1252')

const decoders = new Map<string, InstanceType<typeof TextDecoder>>()

function decoderOf(charset: string): InstanceType<typeof TextDecoder> {
  const known = decoders.get(charset) ?? new TextDecoder(charset)
  decoders.set(charset, known)
  return known
}
