import type { Clock } from '../../kernel/clock.ts'
import { engineError } from '../engine.errors.ts'
import { forChild } from '../foreign-file.ts'
import type { Models } from '../models/models.ts'
import { childModule } from '../workers/child-process.ts'
import { createPool, type PoolState } from '../workers/pool.ts'
import type { VisionChild } from './vision.child.ts'
import type { Vision } from './vision.ts'

export interface LocalVisionNeeds {
  readonly models: Pick<Models, 'dir' | 'missing'>
  readonly clock: Clock
  readonly maxPixels?: number
}

/** The models on this machine, with the process they run in; the caller closes it. */
export interface LocalVision extends Vision {
  state(): PoolState
  close(): Promise<void>
}

const OBJECTS = 'coco-ssd-mobilenet-v2'
const TAGS = 'imagenet-efficientnet-lite0'
const EXPLICIT = 'open-nsfw'
const MEMORY_BYTES = 1536 * 1024 ** 2
const DEADLINE_MS = 60_000

/**
 * Things with boxes (80 kinds), tags (a thousand), barcodes, colours; where its model is there, how explicit a photo may be. Shown from the
 * thresholds measured with the models. It finds large, common things, knows no names, and puts nothing into words. Besides the pool's errors:
 * `engine.model_missing`, `file.too_many_pixels`, `file.unreadable`, `file.unsupported`.
 */
export function createLocalVision({ clock, maxPixels = 100_000_000, models }: LocalVisionNeeds): LocalVision {
  const pool = createPool<VisionChild>({
    name: 'vision',
    entry: childModule(import.meta.url, './vision.child'),
    size: 1,
    memoryLimitBytes: MEMORY_BYTES,
    threads: 1,
    maxQueue: 32,
    clock,
  })
  const missing = async () => (await models.missing(OBJECTS)) ?? (await models.missing(TAGS))
  return {
    name: 'local',
    missing,
    state: pool.state,
    close: pool.close,
    async describe(image, { camera = false, signal } = {}) {
      if ('bytes' in image && image.bytes.length === 0) throw engineError('file.empty')
      const lack = await missing()
      if (lack) throw lack
      const { options, payload } = forChild(image)
      const warns = (await models.missing(EXPLICIT)) === null
      const task = { ...payload, folder: models.dir, maxPixels, warns, camera }
      const seen = await pool.run('see', task, { ...options, deadlineMs: DEADLINE_MS, signal })
      return { ...seen, text: null, engine: 'local/coco-ssd+efficientnet' }
    },
  }
}
