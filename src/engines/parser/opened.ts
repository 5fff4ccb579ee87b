import { engineError } from '../engine.errors.ts'
import type { OutlineItem } from './parser.ts'
import { createPictureTray, type PictureTray } from './pictures.ts'
import { type Draft, titleWords } from './sections.ts'

/** A document opened in this process: only a child may. The caller closes it. */
export interface OpenDocument {
  /** `driver/reader`. */
  readonly engine: string
  readonly total: number
  /** Whether a page is work of its own, so that a document is better read a few pages at a time. */
  readonly isCostly: boolean
  /** Page `number` from 1. Never rejects because of the page: one that cannot be read is `failed`. */
  page(number: number): Promise<Draft>
  /** `title` is null where the document has none of its own. */
  about(): Promise<{ readonly title: string | null; readonly outline?: readonly OutlineItem[] | undefined }>
  close(): Promise<void>
}

export interface OpenOptions {
  readonly maxPages: number
  readonly password?: string | undefined
  readonly tray: PictureTray
  /** How many containers this document lies in. */
  readonly depth: number
}

export const openOptions = (task: {
  readonly maxPages: number
  readonly password?: string | undefined
  readonly pictures?: boolean | undefined
}): OpenOptions => ({
  maxPages: task.maxPages,
  password: task.password,
  tray: createPictureTray(task.pictures ?? false),
  depth: 0,
})

/** A document whose pages are known all at once. */
export function drafts(
  pages: readonly Draft[],
  { maxPages }: Pick<OpenOptions, 'maxPages'>,
  reader: string,
  title: string | null = null,
): OpenDocument {
  const all: readonly Draft[] = pages.length > 0 ? pages : [{ state: 'empty', text: '' }]
  if (all.length > maxPages) throw engineError('file.too_many_pages', { pages: all.length, limit: maxPages })
  return {
    engine: `local/${reader}`,
    total: all.length,
    isCostly: false,
    page: async (number) => all[number - 1] ?? { state: 'failed', text: '' },
    about: async () => ({ title: title ?? ownTitle(all), outline: outlineOf(all) }),
    close: async () => {},
  }
}

function ownTitle(pages: readonly Draft[]): string | null {
  if (pages[0]?.place?.kind === 'sheet') return null
  const headings = pages.flatMap((page) => page.headings ?? [])
  const heading = headings.find(({ level }) => level === 1) ?? headings[0]
  return heading ? titleWords(heading.text) : null
}

const MAX_OUTLINE = 2_000

/** Sheets and slides by their names, everything else by its headings. */
export function outlineOf(pages: readonly Draft[]): readonly OutlineItem[] | undefined {
  const items: OutlineItem[] = []
  let last = ''
  for (const [index, { headings = [], place, text }] of pages.entries()) {
    const page = index + 1
    if (place?.kind === 'sheet') {
      if (place.label !== last) items.push({ title: place.label, level: 1, page })
      last = place.label
    } else if (place?.kind === 'slide')
      items.push({
        title: headings[0]?.text ?? (titleWords(text.split('\n')[0] ?? '') || place.label),
        level: 1,
        page,
      })
    else for (const heading of headings) items.push({ title: heading.text, level: heading.level, page })
  }
  return items.length > 0 ? items.slice(0, MAX_OUTLINE) : undefined
}
