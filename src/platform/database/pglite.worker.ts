import { parentPort, workerData } from 'node:worker_threads'
import { type EngineOptions, openEngine } from './pglite.engine.ts'

/** What the owner of the thread asks; one at a time is carried out, in the order asked. */
export type Ask =
  | { readonly id: number; readonly ask: 'exchange'; readonly message: Uint8Array }
  | { readonly id: number; readonly ask: 'dump' | 'close' }

/** The answer to the ask of the same id; 0 is the opening. */
export type Answer =
  | { readonly id: number; readonly bytes: Uint8Array }
  | { readonly id: number; readonly error: Error }

const port = parentPort
// Given by pglite.thread.ts, of this type.
const opening = openEngine(workerData as EngineOptions)
opening.then(
  () => port?.postMessage({ id: 0, bytes: new Uint8Array(0) } satisfies Answer),
  (error: Error) => port?.postMessage({ id: 0, error } satisfies Answer),
)

let last: Promise<unknown> = opening
port?.on('message', (ask: Ask) => {
  last = last.then(
    () => carryOut(ask),
    () => undefined,
  )
})

async function carryOut(ask: Ask): Promise<void> {
  try {
    const engine = await opening
    if (ask.ask === 'close') await engine.close()
    const bytes =
      ask.ask === 'exchange'
        ? await engine.exchange(ask.message)
        : ask.ask === 'dump'
          ? await engine.dump()
          : new Uint8Array(0)
    port?.postMessage({ id: ask.id, bytes } satisfies Answer, [bytes.buffer as ArrayBuffer])
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error('the database engine failed', { cause })
    port?.postMessage({ id: ask.id, error } satisfies Answer)
  }
}
