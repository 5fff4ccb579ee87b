import type { Clock } from '../../kernel/clock.ts'
import { MODELS, modelBytes } from '../models/models.table.ts'
import type { Models } from '../models/models.ts'
import { childModule } from '../workers/child-process.ts'
import { contentKey } from '../workers/content-key.ts'
import { createPool, type PoolState } from '../workers/pool.ts'
import type { Stt } from './stt.ts'
import type { WhisperChild } from './whisper.child.ts'

export interface WhisperNeeds {
  readonly models: Pick<Models, 'dir' | 'missing'>
  readonly clock: Clock
  /** Which of the models; `whisper-base` by default. */
  readonly model?: string
  /** Recordings transcribed at once, each in a process of about 650 MB; 1 by default. */
  readonly size?: number
  /** Threads of each; 1 by default, which leaves a small machine to its other work. */
  readonly threads?: number
  readonly maxQueue?: number
  readonly maxSeconds?: number
  readonly idleMs?: number
}

/** Whisper on this machine, with the processes it runs in; the caller closes it. */
export interface Whisper extends Stt {
  state(): PoolState
  close(): Promise<void>
}

/** For the model of 80 MB that is usual; what a larger one has more comes on top several times over. */
const MEMORY_BYTES = 2 * 1024 ** 3
const USUAL_BYTES = 80_000_000
const TIMES_OVER = 4
const DEADLINE_MS = 2 * 60 * 60_000
/** Decoding an hour of sound says nothing meanwhile. */
const SILENCE_MS = 3 * 60_000

/**
 * Whisper in a child process, behind Silero voice activity: where nobody speaks there is no text. Long recordings are cut at pauses. The
 * language is found over the recording; a hint it does not know counts as none. Nothing is loaded before the first recording; a model
 * that is pulled meanwhile is used by the next one. Besides the pool's errors: `engine.model_missing`, and what `decodeAudio` refuses.
 */
export function createWhisper(needs: WhisperNeeds): Whisper {
  const {
    clock,
    maxQueue = 20,
    maxSeconds = 3600,
    model = 'whisper-base',
    models,
    size = 1,
    threads = 1,
  } = needs
  const pool = createPool<WhisperChild>({
    name: 'stt',
    entry: childModule(import.meta.url, './whisper.child'),
    size,
    memoryLimitBytes: memoryFor(model),
    maxQueue,
    clock,
    ...(needs.idleMs !== undefined && { idleMs: needs.idleMs }),
  })
  return {
    name: 'whisper',
    missing: () => models.missing(model),
    async transcribe({ bytes }, options = {}) {
      const { language, onPartial, onProgress, prompt, signal, task = 'transcribe', words = false } = options
      const missing = await models.missing(model)
      if (missing) throw missing
      let told = 0
      return pool.run(
        'transcribe',
        { folder: models.dir, name: model, threads, language, maxSeconds, prompt, task, words },
        {
          bytes,
          key: await contentKey(bytes),
          deadlineMs: DEADLINE_MS,
          silenceMs: SILENCE_MS,
          signal,
          onMessage: (news) => {
            if (typeof news === 'number') return onProgress?.(news)
            // A second try, after a child died, begins anew: what was told is not told again.
            if (news.n !== told) return
            told++
            onPartial?.(news.segment)
          },
        },
      )
    },
    state: pool.state,
    close: pool.close,
  }
}

function memoryFor(name: string): number {
  const known = MODELS.find((one) => one.name === name)
  const more = known ? Math.max(0, modelBytes(known) - USUAL_BYTES) : 0
  return MEMORY_BYTES + more * TIMES_OVER
}
