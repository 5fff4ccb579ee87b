import type { Archive } from './archive.ts'
import { createBlockWriter } from './block-writer.ts'
import type { PictureTray } from './pictures.ts'
import type { Block } from './sections.ts'
import { type Attributes, readXml } from './xml.ts'

/** The words of an ODT in order: headings, paragraphs, lists, tables, links, pictures; then its footnotes. Format: OASIS OpenDocument 1.3 part 3. */
export function readOdt(archive: Archive, tray: PictureTray): readonly Block[] {
  const reader = odfText(archive, tray)
  readXml(archive.read('content.xml'), reader)
  return reader.blocks()
}

/** Takes OpenDocument's text content as it comes; of slides and drawings too. `blocks` ends it. */
export function odfText(archive: Archive, tray: PictureTray) {
  let out = createBlockWriter()
  const notes: string[] = []
  const ordered = orderedLists(archive)
  const lists: { isOrdered: boolean; count: number }[] = []
  let text = 0
  let silent = 0
  let note: string | null = null
  let inItem = false
  let alt = ''

  const open = (name: string, given: Attributes, full: string): void => {
    if (SILENT.has(full)) silent++
    if (silent > 0) return
    if (full === 'text:note') note = ''
    else if (full === 'text:p' || full === 'text:h') {
      text++
      if (note !== null) return
      if (full === 'text:h') {
        out.paragraph()
        out.heading(Number(given['outline-level'] ?? 1) || 1)
      } else if (inItem) inItem = false
      else out.paragraph()
    } else if (full === 'text:list') {
      out.paragraph()
      const isOrdered =
        ordered.has(given['style-name'] ?? '') || (!given['style-name'] && !!lists.at(-1)?.isOrdered)
      lists.push({ isOrdered, count: 0 })
    } else if (full === 'text:list-item') {
      const list = lists.at(-1)
      if (list) list.count++
      out.item(list?.isOrdered ? `${list.count}.` : '-', Math.max(0, lists.length - 1))
      inItem = true
    } else if (full === 'table:table') out.table()
    else if (full === 'table:table-row') out.row()
    else if (full === 'table:table-cell') {
      const columns = Number(given['number-columns-spanned'] ?? given['number-columns-repeated'] ?? 1)
      out.cell({ columns, rows: Number(given['number-rows-spanned'] ?? 1) })
    } else if (full === 'text:a') out.link(given.href ?? '')
    else if (full === 'text:line-break') out.lineEnd()
    else if (full === 'text:tab' || full === 'text:s') say(' ')
    else if (full === 'draw:image') picture(given.href ?? '')
    else if (name === 'frame') alt = ''
  }

  const say = (words: string): void => {
    if (silent > 0) return
    if (note !== null) note += words
    else out.words(words)
  }

  const picture = (href: string): void => {
    const path = href.replace(/^\.\//, '')
    const taken = tray.isOpen && archive.has(path) ? tray.take(archive.read(path), alt) : null
    if (taken) out.picture(taken)
  }

  const close = (_: string, full: string): void => {
    if (silent > 0) {
      if (SILENT.has(full)) silent--
      return
    }
    if (full === 'text:note') {
      notes.push((note ?? '').trim())
      note = null
      out.words(`[${notes.length}]`)
    } else if (full === 'text:p' || full === 'text:h') {
      text--
      if (note === null) out.paragraph()
      else note += ' '
    } else if (full === 'text:list') {
      out.paragraph()
      lists.pop()
    } else if (full === 'table:table') out.endTable()
    else if (full === 'text:a') out.endLink()
  }

  return {
    open,
    close,
    text: (words: string): void => {
      if (text > 0) say(words.replace(/\s+/g, ' '))
    },
    /** What has come since the last call; the writer is empty then. */
    blocks(): readonly Block[] {
      const found = [...out.blocks()]
      for (const [at, words] of notes.entries()) found.push({ level: 0, text: `[${at + 1}] ${words}` })
      notes.length = 0
      out = createBlockWriter()
      return found
    },
  }
}

/** Citations of notes (they are numbered anew), remarks of readers, what was deleted, and labels of automatic fields. */
const SILENT: ReadonlySet<string> = new Set([
  'text:note-citation',
  'office:annotation',
  'text:tracked-changes',
  'text:sequence-decls',
  'svg:title',
  'svg:desc',
])

/** The names of list styles that number their items. */
function orderedLists(archive: Archive): ReadonlySet<string> {
  const ordered = new Set<string>()
  for (const part of ['content.xml', 'styles.xml']) {
    if (!archive.has(part)) continue
    let style = ''
    readXml(archive.read(part), {
      open: (_, { level, name }, full) => {
        if (full === 'text:list-style') style = name ?? ''
        if (full === 'text:list-level-style-number' && level === '1') ordered.add(style)
      },
    })
  }
  return ordered
}
