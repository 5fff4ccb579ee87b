import { Parser } from 'htmlparser2'
import { engineError } from '../engine.errors.ts'
import { createBlockWriter } from './block-writer.ts'
import type { ParsedPicture } from './parser.ts'
import type { Block } from './sections.ts'

export interface HtmlOptions {
  /** Whether it is XHTML, as books are. */
  readonly isXml?: boolean
  /** What `src` shows; null where that is not known. */
  picture?(source: string, alt: string): ParsedPicture | null
}

export interface HtmlBlocks {
  readonly blocks: readonly Block[]
  /** Of the document, from its head. */
  readonly title: string | null
}

/** Each step deeper costs the parser a step more for every element. */
const MAX_DEPTH = 5_000

/** HTML as blocks, read as it comes: headings, paragraphs, lists, tables, code, links. Scripts, styles and menus are left out. Throws `file.bomb` where elements nest more than 5,000 deep. */
export function readHtml(html: string, options: HtmlOptions = {}): HtmlBlocks {
  const out = createBlockWriter()
  const lists: { ordered: boolean; count: number }[] = []
  let skipped: string | null = null
  let skippedDepth = 0
  let title: string | null = null
  let isTitle = false
  let pre: string | null = null

  const open = (name: string, given: Readonly<Record<string, string>>): void => {
    if (skipped !== null) {
      if (name === skipped) skippedDepth++
      return
    }
    if (SKIPPED.has(name)) {
      skipped = name
      skippedDepth = 1
      return
    }
    if (name === 'title') isTitle = true
    else if (name === 'br') out.lineEnd()
    else if (name === 'img') image(given)
    else if (name === 'a' && given.href) out.link(given.href)
    else if (name === 'pre') {
      out.paragraph()
      pre = ''
    } else if (name === 'table') out.table()
    else if (name === 'tr') out.row()
    else if (name === 'td' || name === 'th')
      out.cell({
        columns: Number(given.colspan ?? 1),
        rows: Number(given.rowspan ?? 1),
        isHead: name === 'th',
      })
    else if (name === 'ul' || name === 'ol') {
      out.paragraph()
      lists.push({ ordered: name === 'ol', count: Number(given.start ?? 1) - 1 || 0 })
    } else if (name === 'li') {
      out.paragraph()
      const list = lists.at(-1)
      if (list) list.count++
      out.item(list?.ordered ? `${list.count}.` : '-', Math.max(0, lists.length - 1))
    } else if (/^h[1-6]$/.test(name)) {
      out.paragraph()
      out.heading(Number(name[1]))
    } else if (BLOCKS.has(name) && !(name === 'p' && lists.length > 0)) out.paragraph()
  }

  const image = ({ alt = '', src = '' }: Readonly<Record<string, string>>): void => {
    const found = options.picture?.(src, alt)
    if (found) out.picture(found)
    else if (alt.trim() !== '') out.words(alt)
  }

  const close = (name: string): void => {
    if (skipped !== null) {
      if (name === skipped && --skippedDepth === 0) skipped = null
      return
    }
    if (name === 'title') isTitle = false
    else if (name === 'a') out.endLink()
    else if (name === 'pre') {
      if (pre !== null) out.code(pre)
      pre = null
    } else if (name === 'table') out.endTable()
    else if (name === 'ul' || name === 'ol') {
      out.paragraph()
      lists.pop()
    } else if (BLOCKS.has(name)) out.paragraph()
  }

  let depth = 0
  const parser = new Parser(
    {
      onopentag: (name, given) => {
        if (++depth > MAX_DEPTH) throw engineError('file.bomb')
        open(name, given)
      },
      onclosetag: (name) => {
        depth--
        close(name)
      },
      ontext: (words) => {
        if (skipped !== null) return
        if (isTitle) title = (title ?? '') + words
        else if (pre !== null) pre += words
        else out.words(words.replace(/\s+/g, ' '))
      },
    },
    options.isXml ? { xmlMode: true, decodeEntities: true, lowerCaseTags: true } : { decodeEntities: true },
  )
  const SLICE = 1 << 20
  for (let at = 0; at < html.length; at += SLICE) parser.write(html.slice(at, at + SLICE))
  parser.end()
  return { blocks: out.blocks(), title: title === null ? null : words(title) }
}

const words = (text: string): string | null => text.replace(/\s+/g, ' ').trim() || null

const SKIPPED: ReadonlySet<string> = new Set([
  'script',
  'style',
  'nav',
  'template',
  'noscript',
  'svg',
  'math',
  'iframe',
  'object',
  'select',
  'textarea',
  'button',
])

const BLOCKS: ReadonlySet<string> = new Set(
  'p div section article header footer main aside blockquote figure figcaption address form fieldset details summary dl dt dd li h1 h2 h3 h4 h5 h6 hr body caption center'.split(
    ' ',
  ),
)
