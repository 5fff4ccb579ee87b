import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { databaseError } from './database.errors.ts'
import type { Engine, EngineOptions } from './pglite.engine.ts'
import type { Answer, Ask } from './pglite.worker.ts'

const CLOSE_MS = 10_000

interface Waiting {
  resolve(bytes: Uint8Array): void
  reject(failure: Error): void
}

/** Opens an engine in a thread of its own. When the thread dies, all that waits and all that is asked later rejects with `database.unreachable`. */
export async function openThread(options: EngineOptions): Promise<Engine> {
  const worker = startWorker(options)
  const waiting = new Map<number, Waiting>()
  let asked = 0
  let dead: Error | undefined

  const die = (cause: unknown) => {
    dead ??= databaseError('database.unreachable', {}, { cause })
    for (const { reject } of waiting.values()) reject(dead)
    waiting.clear()
  }
  const answerTo = (id: number): Promise<Uint8Array> =>
    new Promise((resolve, reject) => {
      if (dead) reject(dead)
      else waiting.set(id, { resolve, reject })
    })
  const ask = (what: { ask: 'exchange'; message: Uint8Array } | { ask: 'dump' | 'close' }) => {
    const id = ++asked
    const answer = answerTo(id)
    worker.postMessage({ id, ...what } satisfies Ask)
    return answer
  }

  worker.on('message', (answer: Answer) => {
    const asker = waiting.get(answer.id)
    waiting.delete(answer.id)
    if ('error' in answer) asker?.reject(answer.error)
    else asker?.resolve(answer.bytes)
  })
  worker.on('error', die)
  worker.on('exit', (code) => die(new Error(`the database thread ended with code ${code}`)))

  try {
    await answerTo(0)
  } catch (failure) {
    await worker.terminate()
    throw failure
  }
  return {
    exchange: (message) => ask({ ask: 'exchange', message }),
    dump: () => ask({ ask: 'dump' }),
    async close() {
      const late = setTimeout(() => void worker.terminate(), CLOSE_MS)
      try {
        if (!dead) await ask({ ask: 'close' })
      } finally {
        clearTimeout(late)
        await worker.terminate()
      }
    },
  }
}

/** From sources, the thread loads TypeScript by itself: the loader of the main thread, if it has one, may not reach it. */
function startWorker(options: EngineOptions): Worker {
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL('./pglite.worker.js', import.meta.url), { workerData: options })
  // `require` finds the CommonJS half; the other lies beside it.
  const beside = pathToFileURL(createRequire(import.meta.url).resolve('tsx/esm/api'))
  const loader = new URL('./index.mjs', beside)
  const file = new URL('./pglite.worker.ts', import.meta.url)
  const boot = `import { register } from '${loader}'; register(); await import('${file}')`
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(boot)}`), { workerData: options })
}
