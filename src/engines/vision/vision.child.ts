import { readFile } from 'node:fs/promises'
import { type ChildJob, serveChild } from '../workers/serve-child.ts'
import { cameraSays } from './camera.ts'
import { readCodes } from './codes.ts'
import { dominantColours } from './colours.ts'
import { loadExplicit } from './explicit.ts'
import { loadObjects } from './objects.ts'
import { openPixels } from './pixels.ts'
import { loadTags } from './tags.ts'
import type { Sight } from './vision.ts'

export interface SeeTask {
  readonly path?: string
  /** The folder that holds the models. */
  readonly folder: string
  readonly maxPixels: number
  /** Whether the model that warns of explicit photos is there. */
  readonly warns: boolean
  readonly camera: boolean
}

const COLOUR_EDGE = 64

/** Loads once, anew after a failure. */
function once<T>(load: (folder: string) => Promise<T>): (folder: string) => Promise<T> {
  let loading: Promise<T> | undefined
  return (folder) => {
    loading ??= load(folder).catch((cause: unknown) => {
      loading = undefined
      throw cause
    })
    return loading
  }
}

const objectsIn = once(loadObjects)
const tagsOf = once(loadTags)
const explicitIn = once(loadExplicit)

const methods = {
  async see(task: SeeTask, job: ChildJob): Promise<Omit<Sight, 'text' | 'engine'>> {
    const bytes = task.path === undefined ? job.bytes : new Uint8Array(await readFile(task.path))
    const picture = await openPixels(bytes, task.maxPixels)
    const objects = await (await objectsIn(task.folder))(picture)
    const tags = await (await tagsOf(task.folder))(picture)
    const codes = await readCodes(picture)
    const small = await picture.rgb((image) =>
      image.resize(COLOUR_EDGE, COLOUR_EDGE, { fit: 'inside', withoutEnlargement: true }),
    )
    const camera = task.camera ? await cameraSays(bytes) : undefined
    return {
      objects,
      tags,
      codes,
      colours: dominantColours(small),
      ...(task.warns && { safety: { score: await (await explicitIn(task.folder))(picture) } }),
      ...(camera && { camera }),
    }
  },
}

export type VisionChild = typeof methods

serveChild(methods)
