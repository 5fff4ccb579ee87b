import { readFile } from 'node:fs/promises'
import { fileTypeFromBuffer } from 'file-type'
import { engineError } from '../engine.errors.ts'
import { loadPdf } from '../parser/load-pdf.ts'
import { type ChildJob, serveChild } from '../workers/serve-child.ts'
import { refusal } from './accepted.ts'
import { cleanImage, makeThumbnail, pagePictures } from './image.ts'
import { IMAGES } from './image-types.ts'
import { inspectBytes } from './inspect.ts'
import type { MediaFacts, MediaLimits, PagePicture } from './media.ts'
import { waveformOf } from './waveform.ts'

interface InspectTask {
  readonly path?: string
  readonly mime: string
  readonly name: string
  readonly limits: MediaLimits
}

interface ImageTask {
  readonly path?: string
  readonly mime: string
  readonly limits: MediaLimits
}

const methods = {
  async inspect(task: InspectTask, job: ChildJob): Promise<MediaFacts> {
    return await inspectBytes(await bytesOf(task, job), task, task.limits)
  },
  async clean(task: ImageTask, job: ChildJob): Promise<Uint8Array | null> {
    const { bytes } = await typed(task, job, (mime) => IMAGES.has(mime))
    return await cleanImage(bytes, task.limits.maxPixels)
  },
  async waveform(task: ImageTask, job: ChildJob): Promise<readonly number[]> {
    return await waveformOf(await bytesOf(task, job), task.limits.maxSeconds)
  },
  async thumbnail({ edge, ...task }: ImageTask & { edge: number }, job: ChildJob): Promise<Uint8Array> {
    const { maxPixels, maxPages } = task.limits
    const { bytes, mime } = await typed(task, job, (found) => IMAGES.has(found) || found === PDF)
    return await makeThumbnail(mime === PDF ? await firstPage(bytes, maxPages) : bytes, edge, maxPixels)
  },
  async pages(
    { turns, ...task }: ImageTask & { turns: readonly (0 | 90 | 180 | 270)[] },
    job: ChildJob,
  ): Promise<readonly PagePicture[]> {
    const { bytes } = await typed(task, job, (mime) => IMAGES.has(mime))
    return await pagePictures(bytes, turns, task.limits.maxPixels)
  },
}
export type MediaChild = typeof methods
serveChild(methods)

const PDF = 'application/pdf'

async function firstPage(bytes: Uint8Array, maxPages: number): Promise<Uint8Array> {
  const { openPdf } = await loadPdf()
  const pdf = await openPdf(bytes, maxPages)
  try {
    return await pdf.picture(1)
  } finally {
    await pdf.close()
  }
}

/** The bytes of a task, refused where they are of no type that is wanted. */
async function typed(task: ImageTask, job: ChildJob, isWanted: (mime: string) => boolean) {
  const bytes = await bytesOf(task, job)
  if (bytes.length === 0) throw engineError('file.empty')
  const type = await fileTypeFromBuffer(bytes)
  if (!type || !isWanted(type.mime)) throw refusal(type?.mime, { mime: task.mime, name: '' })
  return { bytes, mime: type.mime }
}

const bytesOf = async ({ path }: { readonly path?: string }, job: ChildJob): Promise<Uint8Array> =>
  path === undefined ? job.bytes : new Uint8Array(await readFile(path))
