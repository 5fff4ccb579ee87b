import { Duplex } from 'node:stream'
import type { Engine } from './pglite.engine.ts'

/** An engine as the socket that a pg client expects. Ending it leaves the engine open. */
export class EngineStream extends Duplex {
  readonly #engine: Engine

  constructor(engine: Engine) {
    super()
    this.#engine = engine
  }

  connect(): this {
    process.nextTick(() => this.emit('connect'))
    return this
  }

  override _read(): void {
    // Answers are pushed as they come.
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (failure?: Error) => void): void {
    this.#send(chunk, done)
  }

  override _writev(chunks: readonly { chunk: Uint8Array }[], done: (failure?: Error) => void): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), done)
  }

  #send(message: Uint8Array, done: (failure?: Error) => void): void {
    this.#engine.exchange(message).then(
      (answer) => {
        if (answer.length > 0) this.push(answer)
        done()
      },
      (failure: Error) => done(failure),
    )
  }

  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
}
