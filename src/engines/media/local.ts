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
  const look = (file: ForeignFile & { readonly mime: string }, signal: AbortSignal | undefined) => {
    refuseEmpty(file)
    const { options, payload } = forChild(file)
    return { task: { ...payload, mime: file.mime, limits }, options: { ...options, signal } }
  }
  return {
    state: pool.state,
    close: pool.close,
    inspect: async (file, signal) => {
      const { task, options } = look(file, signal)
      return await pool.run(
        'inspect',
        { ...task, name: file.name },
        { ...options, deadlineMs: INSPECT_DEADLINE_MS },
      )
    },
    clean: async (image, signal) => {
      const { task, options } = look(image, signal)
      return await pool.run('clean', task, { ...options, deadlineMs: INSPECT_DEADLINE_MS })
    },
    waveform: async (audio, signal) => {
      const { task, options } = look(audio, signal)
      return await pool.run('waveform', task, { ...options, deadlineMs: INSPECT_DEADLINE_MS })
    },
    thumbnail: async (picture, edge, signal) => {
      const { task, options } = look(picture, signal)
      return await pool.run('thumbnail', { ...task, edge }, { ...options, deadlineMs: THUMBNAIL_DEADLINE_MS })
    },
    pages: async (image, turns, signal) => {
      const { task, options } = look(image, signal)
      return await pool.run('pages', { ...task, turns }, { ...options, deadlineMs: INSPECT_DEADLINE_MS })
    },
  }
}
