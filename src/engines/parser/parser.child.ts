import { readFile } from 'node:fs/promises'
import { type ChildJob, serveChild } from '../workers/serve-child.ts'
import { openDocument } from './open-document.ts'
import { openOptions } from './opened.ts'
import type { OutlineItem, ParsedPage } from './parser.ts'

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
    const document = await openDocument(bytes, task, openOptions(task))
    const { engine, isCostly, total } = document
    try {
      const last = isCostly ? Math.min(total, task.from + task.count - 1) : total
      for (let number = task.from; number <= last; number++)
        if (!task.skip.has(number))
          await job.send({ page: { ...(await document.page(number)), number }, total })
      const { outline, title } = last >= total ? await document.about() : { title: null, outline: undefined }
      return { title, total, engine, ...(outline && { outline }) }
    } finally {
      await document.close()
    }
  },
}
export type ParserChild = typeof methods
serveChild(methods)
