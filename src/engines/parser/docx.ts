import mammoth from 'mammoth'
import { engineError } from '../engine.errors.ts'
import type { Block } from './sections.ts'

export interface Docx {
  /** Headings, paragraphs, list items (`• `) and table rows (cells parted by ` | `), in order; then footnotes. */
  readonly blocks: readonly Block[]
  /** PNG and JPEG pictures in the order they stand, where there is no text: then they are likely scans. */
  readonly images: readonly Uint8Array<ArrayBuffer>[]
}

const MAX_IMAGES = 100
const HARDLY_TEXT_CHARS = 20

/** Reads an archive that has passed `guardZip`. Runs in a child only. Throws `file.unreadable`. */
export async function readDocx(bytes: Uint8Array): Promise<Docx> {
  const images: Uint8Array<ArrayBuffer>[] = []
  const convertImage = mammoth.images.imgElement(async (image) => {
    if (images.length < MAX_IMAGES && /^image\/(png|jpeg)$/.test(image.contentType))
      images.push(new Uint8Array(await image.readAsBuffer()))
    return { src: '' }
  })
  try {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const { value } = await mammoth.convertToHtml({ buffer }, { convertImage, styleMap: STYLES })
    const blocks = blocksOfHtml(value)
    const isText = blocks.reduce((sum, { text }) => sum + text.length, 0) >= HARDLY_TEXT_CHARS
    return { blocks, images: isText ? [] : images }
  } catch (cause) {
    throw engineError('file.unreadable', {}, { cause })
  }
}

const STYLES = ["p[style-name='Title'] => h1:fresh", "p[style-name='Subtitle'] => h2:fresh"]

/** mammoth writes flat, well-formed HTML with few elements. */
function blocksOfHtml(html: string): readonly Block[] {
  const blocks: Block[] = []
  let text = ''
  let level = 0
  let cells: string[] | null = null
  const close = (): void => {
    const clean = text.replace(/[^\S\n]+/g, ' ').trim()
    if (cells) text = clean ? `${clean} ` : ''
    else {
      if (clean) blocks.push({ level, text: clean })
      text = ''
    }
    level = 0
  }
  for (const [, slash, name = '', words = ''] of html.matchAll(/<(\/?)([a-z0-9]+)[^>]*>|([^<]+)/g)) {
    if (words) text += entities(words)
    else if (name === 'br') text += '\n'
    else if (name === 'tr') {
      if (!slash) {
        close()
        cells = []
      } else if (cells) {
        const row = cells.map((cell) => cell.trim()).join(' | ')
        if (row.replaceAll('|', '').trim()) blocks.push({ level: 0, text: row })
        cells = null
        text = ''
      }
    } else if (name === 'td' || name === 'th') {
      if (slash) cells?.push(text)
      text = ''
    } else if (/^(?:p|h[1-6]|li|ul|ol|table)$/.test(name)) {
      if (slash || name !== 'p' || text !== '• ') close()
      if (!slash && name.startsWith('h')) level = Number(name[1])
      if (!slash && name === 'li') text = '• '
    }
  }
  close()
  return blocks
}

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
}

const entities = (text: string): string =>
  text.replace(
    /&(?:#(\d+)|#x([0-9a-f]+)|([a-z]+));/gi,
    (all, decimal?: string, hex?: string, name?: string) => {
      if (name) return NAMED[name] ?? all
      const code = decimal ? Number(decimal) : Number.parseInt(hex ?? '', 16)
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ''
    },
  )
