import { AppError } from '../../kernel/errors.ts'
import { engineError } from '../engine.errors.ts'
import { EML, type MBOX, ZIP } from '../media/accepted.ts'
import { openArchive } from './archive.ts'
import { type Attachment, lettersOf, readLetter } from './mail.ts'
import { drafts, type OpenDocument, type OpenOptions } from './opened.ts'
import type { OutlineItem, Place } from './parser.ts'
import type { Draft } from './sections.ts'

/** How many containers deep a document is still read: a letter in an archive in a letter. */
const MAX_DEPTH = 3
const MAX_PARTS = 1_000

/** One thing within a container: its own pages, or a document of its own. */
interface Part {
  readonly label: string
  readonly document: OpenDocument
  /** Whether its pages are known by where they lie in the container. */
  readonly isEntry: boolean
}

/** Opens what lies within. */
export type Open = (
  bytes: Uint8Array,
  file: { readonly mime: string; readonly name: string },
  options: OpenOptions,
) => Promise<OpenDocument>

/** A letter, letters, or an archive, with every document within: each page once, in order; what cannot be read is a failed page of its own, with why. */
export async function openContainer(
  mime: typeof EML | typeof MBOX | typeof ZIP,
  bytes: Uint8Array,
  options: OpenOptions,
  open: Open,
): Promise<OpenDocument> {
  if (options.depth >= MAX_DEPTH) throw engineError('file.bomb')
  const parts: Part[] = []
  const add: Add = (part) => addPart(parts, part, options, open)
  const close = async (): Promise<void> => {
    await Promise.all(parts.map(({ document }) => document.close()))
  }
  try {
    const title =
      mime === ZIP ? await unpack(bytes, parts, add) : await readMail(mime, bytes, options, parts, add)
    const total = parts.reduce((sum, { document }) => sum + document.total, 0)
    if (total > options.maxPages)
      throw engineError('file.too_many_pages', { pages: total, limit: options.maxPages })
    return joined(parts, mime === ZIP ? 'local/zip' : 'local/postal-mime', total, title, close)
  } catch (cause) {
    await close()
    throw cause
  }
}

function joined(
  parts: readonly Part[],
  engine: string,
  total: number,
  title: string | null,
  close: () => Promise<void>,
): OpenDocument {
  const starts = parts.map((_, index) =>
    parts.slice(0, index).reduce((sum, part) => sum + part.document.total, 0),
  )
  return {
    engine,
    total,
    close,
    isCostly: parts.some(({ document }) => document.isCostly),
    page: async (number) => {
      const index = starts.findLastIndex((start) => start < number)
      const part = parts[index]
      if (!part) return { state: 'failed', text: '' }
      const page = await part.document.page(number - (starts[index] ?? 0))
      return part.isEntry ? { ...page, place: entryPlace(part.label, page.place) } : page
    },
    about: async () => {
      const outline: OutlineItem[] = []
      for (const [index, { document, label }] of parts.entries()) {
        outline.push({ title: label, level: 1, page: (starts[index] ?? 0) + 1 })
        for (const item of (await document.about()).outline ?? [])
          if (item.title !== label || item.level > 1)
            outline.push({ ...item, level: item.level + 1, page: item.page + (starts[index] ?? 0) })
      }
      return { title, outline: outline.slice(0, 2_000) }
    },
  }
}

type Add = (part: Attachment) => Promise<void>

const entryPlace = (label: string, own: Place | undefined): Place => ({
  kind: 'entry',
  label: own && own.label !== '' ? `${label} › ${own.label}` : label,
})

async function readMail(
  mime: typeof EML | typeof MBOX,
  bytes: Uint8Array,
  options: OpenOptions,
  parts: Part[],
  add: Add,
): Promise<string | null> {
  const letters = mime === EML ? [bytes] : lettersOf(bytes)
  if (letters.length === 0) throw engineError('file.unreadable')
  if (letters.length > MAX_PARTS)
    throw engineError('file.too_many_pages', { pages: letters.length, limit: MAX_PARTS })
  let first: string | null = null
  for (const letter of letters) {
    const { attachments, pages, subject } = await readLetter(letter)
    first ??= subject
    const label = pages[0]?.place?.label ?? ''
    parts.push({ label, isEntry: false, document: drafts(pages, options, 'postal-mime') })
    for (const attachment of attachments.slice(0, MAX_PARTS - parts.length)) await add(attachment)
  }
  return mime === EML ? first : null
}

/** What a system leaves in an archive for itself. */
const LITTER = /(?:^|\/)(?:__MACOSX\/|\.DS_Store$|Thumbs\.db$|desktop\.ini$|\._)|\/$/i

async function unpack(bytes: Uint8Array, parts: Part[], add: Add): Promise<null> {
  const archive = openArchive(bytes)
  const entries = archive.entries.filter(({ name }) => !LITTER.test(name))
  if (entries.length > MAX_PARTS)
    throw engineError('file.too_many_pages', { pages: entries.length, limit: MAX_PARTS })
  for (const { isEncrypted, name } of entries) {
    if (isEncrypted) parts.push(failed(name, 'file.encrypted'))
    else await add({ name, mime: '', bytes: archive.read(name) })
  }
  return null
}

async function addPart(
  parts: Part[],
  { bytes, mime, name }: Attachment,
  options: OpenOptions,
  open: Open,
): Promise<void> {
  const left = options.maxPages - parts.reduce((sum, { document }) => sum + document.total, 0)
  try {
    const inner = { ...options, depth: options.depth + 1, maxPages: Math.max(1, left) }
    parts.push({ label: name, isEntry: true, document: await open(bytes, { mime, name }, inner) })
  } catch (cause) {
    const error = AppError.from(cause)
    // A bomb is a bomb wherever it lies, and pages that do not fit are not left out in silence.
    if (error.code === 'file.bomb' || error.code === 'file.too_many_pages' || error.kind === 'internal')
      throw cause
    parts.push(failed(name, error.code))
  }
}

function failed(label: string, error: string): Part {
  const page: Draft = { state: 'failed', text: '', error }
  return { label, isEntry: true, document: drafts([page], { maxPages: 1 }, 'zip') }
}
