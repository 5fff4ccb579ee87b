import type { FastifyBaseLogger } from 'fastify'

type Bindings = Parameters<FastifyBaseLogger['child']>[0]
type Options = Parameters<FastifyBaseLogger['child']>[1]

/** A request's own logger, which names the request in every line; made when the first line is written, for most requests write none. */
export function requestLog(
  parent: FastifyBaseLogger,
  bindings: Bindings,
  options: Options,
): FastifyBaseLogger {
  return new RequestLog(parent, bindings, options)
}

class RequestLog implements FastifyBaseLogger {
  readonly #parent: FastifyBaseLogger
  readonly #bindings: Bindings
  readonly #options: Options
  #own: FastifyBaseLogger | undefined

  constructor(parent: FastifyBaseLogger, bindings: Bindings, options: Options) {
    this.#parent = parent
    this.#bindings = bindings
    this.#options = options
  }

  get level(): string {
    return this.#parent.level
  }
  set level(level: string) {
    this.#open().level = level
  }
  fatal(...said: unknown[]): void {
    this.#say('fatal', said)
  }
  error(...said: unknown[]): void {
    this.#say('error', said)
  }
  warn(...said: unknown[]): void {
    this.#say('warn', said)
  }
  info(...said: unknown[]): void {
    this.#say('info', said)
  }
  debug(...said: unknown[]): void {
    this.#say('debug', said)
  }
  trace(...said: unknown[]): void {
    this.#say('trace', said)
  }
  silent(): void {}
  child(bindings: Bindings, options?: Options): FastifyBaseLogger {
    return this.#open().child(bindings, options)
  }

  #open(): FastifyBaseLogger {
    this.#own ??= this.#parent.child(this.#bindings, this.#options)
    return this.#own
  }

  #say(level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace', said: unknown[]): void {
    const own = this.#open()
    // Every signature of a level's function, as one.
    const log = own[level] as (...said: unknown[]) => void
    log.apply(own, said)
  }
}
