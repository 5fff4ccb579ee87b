import type { Clock } from '../../kernel/clock.ts'
import { engineError } from '../engine.errors.ts'
import { type ForeignFile, forChild } from '../foreign-file.ts'
import { childModule } from '../workers/child-process.ts'
import { createPool, type PoolState } from '../workers/pool.ts'
import type { MediaChild } from './media.child.ts'
import { MEDIA_LIMITS, type Media, type MediaLimits } from './media.ts'

export interface LocalMediaNeeds {
  readonly clock: Clock
  readonly limits?: MediaLimits
  /** Files at a time; one unless told. */
  readonly children?: number
  readonly memoryLimitBytes?: number
}

/** The caller closes it. */
export interface LocalMedia extends Media {
  state(): PoolState
  close(): Promise<void>
}

const MB = 1 << 20
const INSPECT_DEADLINE_MS = 60_000
const THUMBNAIL_DEADLINE_MS = 30_000

/** Files looked at in limited child processes: sharp, pdf.js, our own readers of archives and of sound containers. */
export function createLocalMedia(needs: LocalMediaNeeds): LocalMedia {
  const { clock, limits = MEDIA_LIMITS } = needs
  const pool = createPool<MediaChild>({
    name: 'media',
    entry: childModule(import.meta.url, './media.child'),
    size: needs.children ?? 1,
    memoryLimitBytes: needs.memoryLimitBytes ?? 1536 * MB,
    maxQueue: 64,
    clock,
  })
  const refuseEmpty = (file: ForeignFile): void => {
    if ('bytes' in file && file.bytes.length === 0) throw engineError('file.empty')
  }
  return {
    state: pool.state,
    close: pool.close,
    inspect: async (file, signal) => {
      refuseEmpty(file)
      const { options, payload } = forChild(file)
      const { mime, name } = file
      const run = { ...options, deadlineMs: INSPECT_DEADLINE_MS, signal }
      return await pool.run('inspect', { ...payload, mime, name, limits }, run)
    },
    thumbnail: async (image, edge, signal) => {
      refuseEmpty(image)
      const { options, payload } = forChild(image)
      const task = { ...payload, mime: image.mime, edge, maxPixels: limits.maxPixels }
      return await pool.run('thumbnail', task, { ...options, deadlineMs: THUMBNAIL_DEADLINE_MS, signal })
    },
  }
}
