import type { Clock } from '../../../kernel/clock.ts'
import { type AppError, kernelError } from '../../../kernel/errors.ts'
import { engineError } from '../../engine.errors.ts'
import { childModule, startChild } from '../../workers/child-process.ts'
import { fromTheWire } from '../../workers/error-wire.ts'
import type { FromLlama, LlamaAsk, LlamaLoad, ToLlama } from './protocol.ts'

export interface HomeNeeds {
  readonly load: LlamaLoad
  readonly memoryLimitBytes: number
  /** One more is refused with `engine.busy`. */
  readonly maxAsks: number
  readonly idleMs: number
  readonly silenceMs: number
  readonly clock: Clock
}

/** One model and the process it lives in. */
export interface Home {
  /** How many ask now. */
  asks(): number
  /** What the model says; the last is `done`. Leaving the loop, or aborting, stops the model at its next token. */
  ask(request: LlamaAsk, signal: AbortSignal): AsyncGenerator<Said>
  /** Ends the process; whoever still asks hears `engine.crashed`. */
  end(): void
  readonly ended: Promise<void>
}

export type Said = Extract<FromLlama, { type: 'text' | 'done' }>

interface Ask {
  readonly said: Said[]
  failure: unknown
  wake(): void
}

/** Starts the process and loads the model at once. */
export function createHome({ clock, idleMs, load, maxAsks, memoryLimitBytes, silenceMs }: HomeNeeds): Home {
  const asking = new Map<number, Ask>()
  let asks = 0
  let over: AppError | undefined
  let watch = new AbortController()
  let announce = (): void => {}
  const ready = new Promise<void>((resolve) => {
    announce = resolve
  })

  const child = startChild<FromLlama, ToLlama>({
    entry: childModule(import.meta.url, './llama.child'),
    memoryLimitBytes,
    threads: THREADS,
    onMessage: hear,
  })
  const ended = child.ended.then(() => {
    watch.abort()
    over ??= engineError('engine.crashed', {}, { retryable: true })
    for (const ask of asking.values()) fail(ask, over)
  })

  function hear(message: FromLlama): void {
    attend()
    if (message.type === 'ready') {
      child.send({ type: 'load', ...load }).then(announce, () => {})
      return
    }
    if (message.type === 'loaded') return
    const ask = asking.get(message.ask)
    if (!ask) return
    if (message.type === 'failed') fail(ask, fromTheWire(message.error))
    else {
      ask.said.push(message)
      ask.wake()
    }
  }

  /** A model that was asked must say something in time; one that nobody asks is ended in its time. */
  function attend(): void {
    watch.abort()
    watch = new AbortController()
    const asked = asking.size > 0
    const expire = (): void => {
      over ??= asked ? kernelError('call.timeout') : undefined
      child.kill()
    }
    clock.sleep(asked ? silenceMs : idleMs, watch.signal).then(expire, () => {})
  }

  attend()
  return {
    asks: () => asking.size,
    ended,
    end: () => child.kill(),
    async *ask(request, signal) {
      if (over) throw over
      signal.throwIfAborted()
      if (asking.size >= maxAsks)
        throw engineError('engine.busy', { seconds: BUSY_S }, { retryAfterMs: BUSY_S * 1000 })
      const number = ++asks
      let wake = (): void => {}
      const ask: Ask = { said: [], failure: undefined, wake: () => wake() }
      const stopped = (): void => fail(ask, signal.reason)
      asking.set(number, ask)
      signal.addEventListener('abort', stopped, { once: true })
      attend()
      try {
        void ready.then(() => child.send({ type: 'ask', ask: number, request })).catch(() => {})
        for (;;) {
          const said = ask.said.shift()
          if (said) {
            yield said
            if (said.type === 'done') return
          } else if (ask.failure !== undefined) throw ask.failure
          else await new Promise<void>((resolve) => (wake = resolve))
        }
      } finally {
        signal.removeEventListener('abort', stopped)
        asking.delete(number)
        void ready.then(() => child.send({ type: 'stop', ask: number })).catch(() => {})
        if (!over) attend()
      }
    },
  }
}

/** llama.cpp's own and Node's for the library's work. */
const THREADS = 8
const BUSY_S = 5

function fail(ask: Ask, failure: unknown): void {
  ask.failure ??= failure
  ask.wake()
}
