import type { StopSignal } from '../../engines/llm/wire.ts'

/** Tells when whoever asked is gone. As an `AbortSignal` in what is looked at for every request, and made at a fraction of its cost. */
export class Leaving implements StopSignal {
  #left = false
  #reason: unknown
  #listeners: (() => void)[] | null = null

  get aborted(): boolean {
    return this.#left
  }

  get reason(): unknown {
    return this.#reason
  }

  throwIfAborted(): void {
    if (this.#left) throw this.#reason
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (this.#left) return
    if (this.#listeners) this.#listeners.push(listener)
    else this.#listeners = [listener]
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const at = this.#listeners?.indexOf(listener) ?? -1
    if (at >= 0) this.#listeners?.splice(at, 1)
  }

  leave(reason: unknown): void {
    if (this.#left) return
    this.#left = true
    this.#reason = reason
    for (const listener of this.#listeners?.splice(0) ?? []) listener()
  }
}

/** The same as the platform's own, for those who pass it on to the platform. */
export function signalOf(stop: StopSignal): AbortSignal {
  if (stop instanceof AbortSignal) return stop
  const made = new AbortController()
  if (stop.aborted) made.abort(stop.reason)
  else stop.addEventListener('abort', () => made.abort(stop.reason))
  return made.signal
}
