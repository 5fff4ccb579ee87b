import type { ChatChunk, ChatRequest, Llm } from '../../engines/llm/llm.ts'
import type { Frames, WireAnswer } from '../../engines/llm/wire.ts'
import { gather } from './gather.ts'

/** Asks an engine of this process in the way of a server: a whole answer, or a stream that has begun. */
export async function askEngine(engine: Llm, request: ChatRequest, signal: AbortSignal): Promise<WireAnswer> {
  if (request.stream !== true) {
    const json = engine.complete
      ? await engine.complete(request, { signal })
      : await gather(engine.chat(request, { signal }))
    return { kind: 'whole', json, bytes: Buffer.from(JSON.stringify(json)) }
  }
  const chunks = engine.chat(request, { signal })[Symbol.asyncIterator]()
  const first = await chunks.next()
  let open = Promise.resolve()
  let go = () => {}
  signal.addEventListener('abort', () => go(), { once: true })
  return {
    kind: 'stream',
    pause() {
      open = new Promise((resolve) => {
        go = resolve
      })
    },
    resume: () => go(),
    read(sink) {
      const speak = async () => {
        for (let next = first; !next.done; next = await chunks.next()) {
          sink.frames(framesOf(next.value))
          await open
          signal.throwIfAborted()
        }
        sink.end()
      }
      speak().catch((failure: unknown) => {
        void chunks.return?.()
        sink.fail(failure)
      })
    },
  }
}

const framesOf = (chunk: ChatChunk): Frames => ({
  chunks: [chunk],
  bytes: Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`),
})
