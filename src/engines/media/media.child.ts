import { readFile } from 'node:fs/promises'
import { fileTypeFromBuffer } from 'file-type'
import { engineError } from '../engine.errors.ts'
import { type ChildJob, serveChild } from '../workers/serve-child.ts'
import { refusal } from './accepted.ts'
import { makeThumbnail } from './image.ts'
import { IMAGES, inspectBytes } from './inspect.ts'
import type { MediaFacts, MediaLimits } from './media.ts'

interface InspectTask {
  readonly path?: string
  readonly mime: string
  readonly name: string
  readonly limits: MediaLimits
}

interface ThumbnailTask {
  readonly path?: string
  readonly mime: string
  readonly edge: number
  readonly maxPixels: number
}

const methods = {
  async inspect(task: InspectTask, job: ChildJob): Promise<MediaFacts> {
    return await inspectBytes(await bytesOf(task, job), task, task.limits)
  },
  async thumbnail({ edge, maxPixels, ...task }: ThumbnailTask, job: ChildJob): Promise<Uint8Array> {
    const bytes = await bytesOf(task, job)
    if (bytes.length === 0) throw engineError('file.empty')
    const type = await fileTypeFromBuffer(bytes)
    if (!type || !IMAGES.has(type.mime)) throw refusal(type?.mime, { mime: task.mime, name: '' })
    return await makeThumbnail(bytes, edge, maxPixels)
  },
}
export type MediaChild = typeof methods
serveChild(methods)

const bytesOf = async ({ path }: { readonly path?: string }, job: ChildJob): Promise<Uint8Array> =>
  path === undefined ? job.bytes : new Uint8Array(await readFile(path))
