import { readFile } from 'node:fs/promises'
import { engineError } from '../engine.errors.ts'
import { DOCX, refusal } from '../media/accepted.ts'
import { type ChildJob, serveChild } from '../workers/serve-child.ts'
import { documentKind, type KnownDocument } from './document-kind.ts'
import { loadPdf } from './load-pdf.ts'
import type { OutlineItem, ParsedPage } from './parser.ts'
import { type Block, blocksOf, cutSections } from './sections.ts'

export interface ParseTask {
  readonly path?: string
  readonly mime: string
  readonly name: string
  /** The first page wanted, and how many at most. */
  readonly from: number
  readonly count: number
  /** Pages that need not be read. */
  readonly skip: ReadonlySet<number>
  readonly maxPages: number
  readonly password?: string | undefined
  readonly pictures?: boolean | undefined
}

export interface ParseMessage {
  readonly page: ParsedPage
  readonly total: number
}

/** `title` is null where the document has none of its own. */
export interface ParseAnswer {
  readonly title: string | null
  readonly total: number
  readonly engine: string
  readonly outline?: readonly OutlineItem[] | undefined
}

const methods = {
  async parse(task: ParseTask, job: ChildJob<ParseMessage>): Promise<ParseAnswer> {
    const bytes = task.path === undefined ? job.bytes : new Uint8Array(await readFile(task.path))
    const kind = await documentKind(bytes, task)
    if (!kind) throw refusal(undefined, task)
    if (kind.mime === 'application/pdf') return parsePdf(bytes, task, job)
    return parsePageless(kind, bytes, task, job)
  },
}
export type ParserChild = typeof methods
serveChild(methods)

async function parsePdf(
  bytes: Uint8Array,
  task: ParseTask,
  job: ChildJob<ParseMessage>,
): Promise<ParseAnswer> {
  const { openPdf } = await loadPdf()
  const pdf = await openPdf(bytes, task.maxPages, task.password)
  try {
    const last = Math.min(pdf.pages, task.from + task.count - 1)
    for (let number = task.from; number <= last; number++)
      if (!task.skip.has(number)) await job.send({ page: await pdf.page(number), total: pdf.pages })
    const title = last === pdf.pages ? await pdf.title() : null
    return { title, total: pdf.pages, engine: 'local/pdfjs' }
  } finally {
    await pdf.close()
  }
}

async function parsePageless(
  kind: Exclude<KnownDocument, { mime: 'application/pdf' }>,
  bytes: Uint8Array,
  task: ParseTask,
  job: ChildJob<ParseMessage>,
): Promise<ParseAnswer> {
  const { blocks, images } =
    kind.mime === DOCX
      ? await (await import('./docx.ts')).readDocx(bytes)
      : { blocks: textBlocks(kind), images: [] }
  const sections = cutSections(blocks)
  const pages: Omit<ParsedPage, 'number'>[] =
    images.length > 0
      ? images.map((image) => ({ state: 'scan', text: '', image }))
      : sections.map((text) => ({ state: 'read', text }))
  if (pages.length === 0) pages.push({ state: 'empty', text: '' })
  const total = pages.length
  if (total > task.maxPages) throw engineError('file.too_many_pages', { pages: total, limit: task.maxPages })
  for (const [index, page] of pages.entries())
    if (index + 1 >= task.from && !task.skip.has(index + 1))
      await job.send({ page: { ...page, number: index + 1 }, total })
  return { title: titleOf(blocks), total, engine: kind.mime === DOCX ? 'local/mammoth' : 'local/text' }
}

const textBlocks = (kind: { mime: string; text: string }): readonly Block[] =>
  blocksOf(kind.text, kind.mime === 'text/markdown' ? 'markdown' : 'plain')

function titleOf(blocks: readonly Block[]): string | null {
  const heading = blocks.find(({ level }) => level === 1) ?? blocks.find(({ level }) => level > 0)
  return heading?.text.replace(/^#+\s+|\s+#+$/g, '').slice(0, 200) ?? null
}
