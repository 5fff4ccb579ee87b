import { join } from 'node:path'
import type { Clock } from '../../kernel/clock.ts'
import { engineError } from '../engine.errors.ts'
import { forChild } from '../foreign-file.ts'
import type { Models } from '../models/models.ts'
import { childModule } from '../workers/child-process.ts'
import { createPool, type PoolState } from '../workers/pool.ts'
import { type Ocr, readsAll } from './ocr.ts'
import type { PpocrChild } from './ppocr.child.ts'

export interface PpocrNeeds {
  readonly models: Pick<Models, 'dir' | 'missing'>
  readonly clock: Clock
  readonly maxPixels?: number
}

/** The caller closes it. */
export interface PpocrOcr extends Ocr {
  state(): PoolState
  close(): Promise<void>
}

export const PPOCR_MODEL = 'pp-ocrv6-small'
const MEMORY_BYTES = 1536 * 1024 ** 2
const READ_DEADLINE_MS = 120_000

/**
 * PP-OCRv6 (small) in a limited child process: finds lines wherever they lie, reads Latin and Chinese letters, digits and signs. Its model has no
 * Cyrillic letters, and would put Latin ones in their place: where Ukrainian may be written, `engine.no_language`. Besides the pool's errors:
 * `engine.model_missing`, `file.empty`, `file.too_many_pixels`, `file.unreadable`, `file.unsupported`.
 */
export function createPpocrOcr({ clock, maxPixels = 100_000_000, models }: PpocrNeeds): PpocrOcr {
  const pool = createPool<PpocrChild>({
    name: 'ppocr',
    entry: childModule(import.meta.url, './ppocr.child'),
    size: 1,
    memoryLimitBytes: MEMORY_BYTES,
    maxQueue: 32,
    clock,
  })
  const ocr: PpocrOcr = {
    name: 'ppocr',
    languages: ['en'],
    missing: () => models.missing(PPOCR_MODEL),
    state: pool.state,
    close: pool.close,
    async read(image, { languages, signal } = {}) {
      if ('bytes' in image && image.bytes.length === 0) throw engineError('file.empty')
      if (!readsAll(ocr, languages)) throw engineError('engine.no_language', { language: 'uk' })
      const lack = await models.missing(PPOCR_MODEL)
      if (lack) throw lack
      const { options, payload } = forChild(image)
      const task = { ...payload, mime: image.mime, folder: join(models.dir, PPOCR_MODEL), maxPixels }
      const reading = await pool.run('read', task, { ...options, deadlineMs: READ_DEADLINE_MS, signal })
      return { ...reading, engine: `ppocr/${PPOCR_MODEL}` }
    },
  }
  return ocr
}
