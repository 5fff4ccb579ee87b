import { posix } from 'node:path'
import { engineError } from '../engine.errors.ts'
import type { Archive } from './archive.ts'
import { readHtml } from './html-blocks.ts'
import type { ParsedPicture } from './parser.ts'
import type { PictureTray } from './pictures.ts'
import { cutPages, type Draft, draftOf, titleWords } from './sections.ts'
import { LONG_PAGE_CHARS } from './sheets.ts'
import { readXml } from './xml.ts'

export interface Book {
  readonly title: string | null
  readonly pages: readonly Draft[]
}

/** The chapters of a book in the order of its spine, each a page or more. Throws `file.encrypted` where its texts are. Format: EPUB 3.3, EPUB 2. */
export function readEpub(archive: Archive, tray: PictureTray): Book {
  if (archive.has('META-INF/encryption.xml') && hasLockedText(archive.read('META-INF/encryption.xml')))
    throw engineError('file.encrypted')
  const { chapters, contents, title } = readPackage(archive)
  const names = contents === undefined ? new Map<string, string>() : readContents(archive, contents)
  const pages = chapters.flatMap((part) => chapterPages(archive, part, names.get(part), tray))
  return { title, pages }
}

function chapterPages(
  archive: Archive,
  part: string,
  name: string | undefined,
  tray: PictureTray,
): readonly Draft[] {
  const picture = (source: string, alt: string): ParsedPicture | null => {
    const path = posix.join(posix.dirname(part), decoded(source.split('#')[0] ?? ''))
    return tray.isOpen && archive.has(path) ? tray.take(archive.read(path), alt) : null
  }
  const html = new TextDecoder().decode(archive.read(part))
  const { blocks, title } = readHtml(html, { isXml: true, picture })
  const heading = blocks.find(({ level }) => level > 0)?.text
  const label = titleWords(name ?? heading ?? title ?? '')
  const place = label === '' ? undefined : ({ kind: 'section', label } as const)
  const pages = cutPages(blocks, LONG_PAGE_CHARS, place)
  const [first = draftOf([], place), ...rest] = pages
  // What the table of contents names is a heading, however the chapter writes it.
  const isNamed = name !== undefined && heading === undefined
  return [{ ...first, ...(isNamed && { headings: [{ level: 1, text: label }] }) }, ...rest]
}

function readPackage(archive: Archive) {
  let root = ''
  readXml(archive.read('META-INF/container.xml'), {
    open: (name, given) => {
      if (name === 'rootfile' && root === '') root = given['full-path'] ?? ''
    },
  })
  const items = new Map<string, string>()
  const spine: string[] = []
  let title = ''
  let contents: string | undefined
  let isTitle = false
  readXml(archive.read(root), {
    open: (name, given, full) => {
      isTitle = full === 'dc:title' && title === ''
      const place = posix.join(posix.dirname(root), decoded(given.href ?? ''))
      const isContents =
        /(?:^| )nav(?: |$)/.test(given.properties ?? '') || /ncx/.test(given['media-type'] ?? '')
      if (name === 'item' && isContents && archive.has(place)) contents ??= place
      if (name === 'item' && given.id !== undefined && /html/.test(given['media-type'] ?? ''))
        items.set(given.id, place)
      if (name === 'itemref' && given.idref !== undefined) spine.push(given.idref)
    },
    text: (words) => {
      if (isTitle) title += words
    },
    close: () => {
      isTitle = false
    },
  })
  const chapters = spine.map((id) => items.get(id)).filter((part) => part !== undefined && archive.has(part))
  return {
    chapters: chapters.filter((part) => part !== undefined),
    contents,
    title: titleWords(title).replace(/^unknown title$/i, '') || null,
  }
}

/** The names of chapters: of EPUB 3's navigation, or EPUB 2's NCX. Of several names for one chapter the first counts. */
function readContents(archive: Archive, part: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  let words = ''
  let address: string | undefined
  const keep = (): void => {
    const path = posix.join(posix.dirname(part), decoded((address ?? '').split('#')[0] ?? ''))
    if (address !== undefined && !names.has(path) && words.trim() !== '') names.set(path, titleWords(words))
  }
  readXml(archive.read(part), {
    open: (name, { href, src }) => {
      if (name === 'a' || name === 'navLabel') words = ''
      if (name === 'a') address = href
      if (name === 'content') {
        address = src
        keep()
      }
    },
    text: (text) => {
      words += text
    },
    close: (name) => {
      if (name === 'a') keep()
    },
  })
  return names
}

/** Fonts may be scrambled; texts may not. */
function hasLockedText(bytes: Uint8Array): boolean {
  let isLocked = false
  readXml(bytes, {
    open: (name, { URI }) => {
      if (name === 'CipherReference' && /\.(?:x?html?|xml)$/i.test(URI ?? '')) isLocked = true
    },
  })
  return isLocked
}

function decoded(address: string): string {
  try {
    return decodeURIComponent(address)
  } catch {
    return address
  }
}
