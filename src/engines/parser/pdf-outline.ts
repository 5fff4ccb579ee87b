import type { PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.mjs'
import type { OutlineItem } from './parser.ts'

type Bookmark = Awaited<ReturnType<PDFDocumentProxy['getOutline']>>[number]

const MAX_ITEMS = 2_000
const MAX_LEVEL = 12

/** Bookmarks that lead to a page of this document, in order; undefined where there are none. Never rejects: a broken outline is none. */
export async function outlineOf(document: PDFDocumentProxy): Promise<readonly OutlineItem[] | undefined> {
  const items: OutlineItem[] = []
  const walk = async (bookmarks: readonly Bookmark[], level: number): Promise<void> => {
    for (const { dest, items: inner, title } of bookmarks) {
      if (items.length >= MAX_ITEMS) return
      const page = await pageOf(document, dest)
      const words = title.replace(/\s+/g, ' ').trim().slice(0, 200)
      if (page !== null && words !== '') items.push({ title: words, level, page })
      if (level < MAX_LEVEL) await walk(inner, level + 1)
    }
  }
  try {
    await walk((await document.getOutline()) ?? [], 1)
  } catch {
    // What was found so far stands.
  }
  return items.length > 0 ? items : undefined
}

async function pageOf(document: PDFDocumentProxy, dest: Bookmark['dest']): Promise<number | null> {
  try {
    const target = typeof dest === 'string' ? await document.getDestination(dest) : dest
    const page: unknown = target?.[0]
    const index = typeof page === 'number' ? page : page ? await document.getPageIndex(page as never) : -1
    return index >= 0 && index < document.numPages ? index + 1 : null
  } catch {
    return null
  }
}

/** What pages call themselves, such as xii; null where they are only counted. */
export async function labelsOf(document: PDFDocumentProxy): Promise<readonly string[] | null> {
  try {
    return await document.getPageLabels()
  } catch {
    return null
  }
}
