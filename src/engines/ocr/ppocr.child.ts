import { type ChildJob, serveChild } from '../workers/serve-child.ts'
import { loadPpocr, type Ppocr } from './ppocr-models.ts'
import { readByPpocr } from './ppocr-page.ts'
import { type ReadTask, readPages } from './read-pages.ts'
import type { Reading } from './reading.ts'

let loading: Promise<Ppocr> | undefined

/** Once, anew after a failure. */
function models(folder: string): Promise<Ppocr> {
  loading ??= loadPpocr(folder).catch((cause: unknown) => {
    loading = undefined
    throw cause
  })
  return loading
}

const methods = {
  /** `folder` holds the models' files. */
  async read(task: ReadTask & { readonly folder: string }, job: ChildJob): Promise<Reading> {
    return await readPages(
      task,
      job.bytes,
      async (grey) => await readByPpocr(grey, await models(task.folder)),
    )
  },
}
export type PpocrChild = typeof methods
serveChild(methods)
