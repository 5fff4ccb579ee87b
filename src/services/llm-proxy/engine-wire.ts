import { engineError } from '../../engines/engine.errors.ts'
import { type ChatChunk, ChatRequest, type Llm } from '../../engines/llm/llm.ts'
import type { Frames, LlmWire, StopSignal, WireAnswer } from '../../engines/llm/wire.ts'
import { gather } from './gather.ts'

/** An engine of this machine as a server: for chat alone. */
export const engineWire = (engine: Llm & { close(): Promise<void> }): LlmWire => ({
  name: engine.name,
  async send({ body, path }, signal) {
    if (path !== 'chat/completions') throw engineError('engine.cannot', { engine: engine.name, what: path })
    const text = typeof body === 'string' ? body : Buffer.from(body).toString('utf8')
    return await askEngine(engine, ChatRequest.parse(JSON.parse(text)), following(signal))
  },
  missing: () => engine.missing(),
  // What is under way is let come to its end by whoever asked; a model that rests leaves memory by itself.
  retire: async () => {},
  close: () => engine.close(),
})

function following(signal: StopSignal): AbortSignal {
  if (signal instanceof AbortSignal) return signal
  const own = new AbortController()
  if (signal.aborted) own.abort(signal.reason)
  else signal.addEventListener('abort', () => own.abort(signal.reason))
  return own.signal
}

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
