import { type Dispatcher, Pool } from 'undici'
import { deadline } from '../../kernel/deadline.ts'
import { AppError, kernelError } from '../../kernel/errors.ts'
import type { Secret } from '../../kernel/secret.ts'
import { engineError } from '../engine.errors.ts'
import { createFrames, type Frame, joined } from './frames.ts'
import type { ChatChunk } from './llm.ts'
import { createOverdue, type Overdue } from './overdue.ts'
import { providerRefusal } from './provider-error.ts'
import type { FrameSink, LlmWire, StopSignal, WireAnswer, WireCall } from './wire.ts'

export interface HttpWire {
  /** The base URL, with its `/v1` where the server has one. */
  readonly url: string
  readonly key: Secret | null
  /** The longest silence before and between frames, in milliseconds; 120 s where nothing is said. */
  readonly idleMs?: number
  readonly headers?: Readonly<Record<string, string>>
}

const MAX_ERROR_BYTES = 64 * 1024
const MAX_ANSWER_BYTES = 32 * 1024 * 1024
const MAX_STREAM_BYTES = 256 * 1024 * 1024
const CONNECT_MS = 10_000
const IDLE_MS = 120_000
const MAX_WAIT_MS = 3_600_000
const CLOSING_MS = 2_000
const NOTHING = Buffer.alloc(0)
const OVER = new Error('The answer is of no use any more')

type Handler = Required<
  Pick<
    Dispatcher.DispatchHandler,
    'onRequestStart' | 'onResponseStart' | 'onResponseData' | 'onResponseEnd' | 'onResponseError'
  >
>
type Controller = Parameters<Handler['onRequestStart']>[0]

/** Any server that speaks OpenAI's API: OpenAI, OpenRouter, vLLM, Ollama, llama.cpp. As many connections as there are answers under way: a fixed pool would queue first tokens behind long streams. */
export function httpWire(server: HttpWire): LlmWire {
  const base = new URL(server.url.endsWith('/') ? server.url : `${server.url}/`)
  const { host: name, origin, pathname } = base
  const { key, idleMs = IDLE_MS } = server
  const pool = new Pool(origin, {
    connections: null,
    pipelining: 1,
    connect: { timeout: CONNECT_MS },
    // One timer of our own watches every answer, so that a server that drips bytes is seen as silent.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  const own = { ...server.headers, ...(key && { authorization: `Bearer ${key.reveal()}` }) }
  const silent = createOverdue<Exchange>(idleMs, (exchange) => exchange.silent())
  const headers = ['content-type', 'application/json', ...Object.entries(own).flat()]

  return {
    name,
    send: (call, signal) =>
      new Promise<WireAnswer>((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        const exchange = new Exchange(name, key, call, silent, signal, resolve, reject)
        const { path, body } = call
        try {
          pool.dispatch({ path: pathname + path, method: 'POST', headers, body }, exchange)
        } catch (cause) {
          exchange.onResponseError(null, cause instanceof Error ? cause : OVER)
        }
      }),

    async missing() {
      try {
        const signal = deadline(3_000)
        const request = { path: `${pathname}models`, method: 'GET', headers: own, signal } as const
        const { statusCode, body } = await pool.request(request)
        await body.dump({ limit: MAX_ANSWER_BYTES })
        const refused = statusCode === 401 || statusCode === 403 || statusCode >= 500
        return refused ? engineError('engine.refused', { engine: name, status: statusCode }) : null
      } catch (cause) {
        return engineError('engine.unreachable', { engine: name }, { cause })
      }
    },

    retire: () => pool.close(),
    close: () => pool.destroy(),
  }
}

/** One request and its answer, as undici tells of it. */
class Exchange implements Handler {
  readonly #engine: string
  readonly #key: Secret | null
  readonly #call: WireCall
  readonly #signal: StopSignal
  readonly #resolve: (answer: WireAnswer) => void
  readonly #reject: (failure: unknown) => void
  readonly #idle: Overdue<Exchange>
  readonly #aborted = () => this.#stop(this.#signal.reason)
  #frames: ReturnType<typeof createFrames> | null = null
  #controller: Controller | null = null
  #status = 0
  #retryAfter: string | undefined
  #streams = false
  #parts: Buffer[] = []
  #size = 0
  #over = false
  #begun = false
  #finished = false
  #paused = false
  #closing: NodeJS.Timeout | undefined
  #sink: FrameSink | null = null
  /** What came before anybody read. */
  #waiting: ((sink: FrameSink) => void)[] = []

  constructor(
    engine: string,
    key: Secret | null,
    call: WireCall,
    idle: Overdue<Exchange>,
    signal: StopSignal,
    resolve: (answer: WireAnswer) => void,
    reject: (failure: unknown) => void,
  ) {
    this.#engine = engine
    this.#key = key
    this.#call = call
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
    this.#idle = idle
    idle.begin(this)
    signal.addEventListener('abort', this.#aborted)
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller
    if (this.#over) controller.abort(OVER)
  }

  onResponseStart(
    _controller: Controller,
    status: number,
    headers: Parameters<Handler['onResponseStart']>[2],
  ): void {
    this.#status = status
    const { 'retry-after': later, 'content-type': type } = headers
    if (typeof later === 'string') this.#retryAfter = later
    this.#streams = this.#call.stream && status === 200 && String(type).startsWith('text/event-stream')
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    if (this.#over) return
    this.#size += chunk.length
    if (this.#streams) {
      if (this.#size > MAX_STREAM_BYTES)
        this.#stop(this.#unintelligible(new RangeError('The stream is too long')))
      else this.#read(chunk)
      return
    }
    if (this.#size <= (this.#status === 200 ? MAX_ANSWER_BYTES : MAX_ERROR_BYTES)) this.#parts.push(chunk)
    else if (this.#status === 200) this.#stop(this.#unintelligible(new RangeError('The answer is too long')))
  }

  onResponseEnd(): void {
    clearTimeout(this.#closing)
    if (this.#over) return
    if (this.#streams) {
      if (this.#finished) this.#end()
      else this.#stop(this.#cut())
      return
    }
    const body = this.#parts.length === 1 ? (this.#parts[0] ?? NOTHING) : Buffer.concat(this.#parts)
    if (this.#status !== 200) {
      this.#stop(this.#refusal(body))
      return
    }
    try {
      const json: unknown = JSON.parse(body.toString('utf8'))
      const whole = isObject(json) && !this.#call.stream && (!this.#call.choices || isFilled(json.choices))
      if (!whole) throw new TypeError('The answer has another shape')
      this.#close()
      this.#resolve({ kind: 'whole', bytes: body, json })
    } catch (cause) {
      this.#stop(this.#unintelligible(cause))
    }
  }

  onResponseError(_controller: Controller | null, cause: Error): void {
    if (this.#over) return
    // Before the status line nothing was answered; after it, the answer broke off.
    if (this.#finished) this.#end()
    else if (this.#status !== 0) this.#stop(this.#cut(cause))
    else this.#stop(engineError('engine.unreachable', { engine: this.#engine }, { cause }))
  }

  #read(chunk: Buffer): void {
    try {
      const kept: Frame[] = []
      const chunks: ChatChunk[] = []
      let done = false
      this.#frames ??= createFrames()
      for (const frame of this.#frames.push(chunk)) {
        if (frame.data === '[DONE]') done = true
        if (done) break
        chunks.push(this.#judged(frame.data))
        kept.push(frame)
      }
      if (kept.length > 0) {
        this.#idle.begin(this)
        const batch = { bytes: joined(kept), chunks }
        this.#begin()
        this.#tell((sink) => sink.frames(batch))
      }
      if (!done) return
      if (!this.#begun) {
        this.#stop(this.#cut())
        return
      }
      this.#end()
      // The connection is kept where the server closes the answer soon.
      this.#closing = setTimeout(() => this.#controller?.abort(OVER), CLOSING_MS)
      this.#closing.unref()
    } catch (cause) {
      const known = cause instanceof AppError
      this.#stop(known ? cause : this.#unintelligible(cause))
    }
  }

  /** Only what decides about the whole is looked at; the rest passes as it came. */
  #judged(data: string): ChatChunk {
    const chunk: unknown = JSON.parse(data)
    if (!isObject(chunk)) throw new TypeError('An event has another shape')
    const { error, choices } = chunk
    if (error !== undefined && error !== null) throw this.#refused(statusIn(error), chunk)
    if (choices !== undefined && !Array.isArray(choices)) throw new TypeError('An event has other choices')
    for (const choice of choices ?? [])
      if (isObject(choice) && typeof choice.finish_reason === 'string') this.#finished = true
    return chunk
  }

  #begin(): void {
    if (this.#begun) return
    this.#begun = true
    this.#resolve({
      kind: 'stream',
      read: (sink) => {
        this.#sink = sink
        for (const say of this.#waiting.splice(0)) say(sink)
      },
      pause: () => {
        this.#paused = true
        if (!this.#over) this.#controller?.pause()
      },
      resume: () => {
        this.#paused = false
        if (this.#over) return
        this.#idle.begin(this)
        this.#controller?.resume()
      },
    })
  }

  #tell(say: (sink: FrameSink) => void): void {
    if (this.#sink) say(this.#sink)
    else this.#waiting.push(say)
  }

  #end(): void {
    this.#close()
    this.#tell((sink) => sink.end())
  }

  #stop(failure: unknown): void {
    if (this.#over) return
    this.#close()
    if (this.#begun) this.#tell((sink) => sink.fail(failure))
    else this.#reject(failure)
    this.#controller?.abort(OVER)
  }

  #close(): void {
    this.#over = true
    this.#idle.over(this)
    this.#signal.removeEventListener('abort', this.#aborted)
  }

  /** While the reader holds it back, silence is not the server's. */
  silent(): void {
    if (this.#paused) this.#idle.begin(this)
    else this.#stop(this.#begun ? this.#cut() : kernelError('call.timeout'))
  }

  #cut(cause?: unknown): AppError {
    return engineError('engine.cut', { engine: this.#engine }, { cause })
  }

  #unintelligible(cause: unknown): AppError {
    return kernelError('peer.unintelligible', { peer: this.#engine, status: 200 }, { cause })
  }

  #refusal(body: Buffer): AppError {
    return this.#refused(this.#status, parsed(body), waitIn(this.#retryAfter))
  }

  #refused(status: number, body: unknown, wait: { retryAfterMs?: number } = {}): AppError {
    const retryable = status === 408 || status === 429 || status >= 500
    const cause = providerRefusal(body, this.#key)
    return engineError('engine.refused', { engine: this.#engine, status }, { cause, retryable, ...wait })
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isFilled = (value: unknown): boolean => Array.isArray(value) && value.length > 0

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

/** What an error inside of a stream says of itself; a bad gateway's where it says nothing. */
function statusIn(error: unknown): number {
  const code = isObject(error) ? Number(error.code) : Number.NaN
  return Number.isInteger(code) && code >= 400 && code <= 599 ? code : 502
}

/** `Retry-After` in seconds or as an HTTP date, an hour at most. */
function waitIn(header: string | undefined): { retryAfterMs?: number } {
  if (header === undefined) return {}
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) ? { retryAfterMs: Math.min(Math.max(0, ms), MAX_WAIT_MS) } : {}
}
