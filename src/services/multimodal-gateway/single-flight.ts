/** Work that several want at once is done once. It is cancelled when the last of them is gone. */
export interface SingleFlight<T, P = never> {
  run(
    key: string,
    work: (how: InFlight<P>) => Promise<T>,
    how: Watch<P> & { readonly signal: AbortSignal },
  ): Promise<T>
}

interface Watch<P> {
  readonly onProgress?: ((share: number) => void) | undefined
  /** Hears what is ready already; who joins late is told what came before first. */
  readonly onPartial?: ((partial: P) => void) | undefined
}

export interface InFlight<P> {
  readonly signal: AbortSignal
  onProgress(share: number): void
  onPartial(partial: P): void
}

interface Flight<T, P> {
  readonly result: Promise<T>
  readonly stop: AbortController
  readonly watchers: Set<Watch<P>>
  readonly partials: P[]
  waiting: number
}

export function createSingleFlight<T, P = never>(): SingleFlight<T, P> {
  const flights = new Map<string, Flight<T, P>>()

  const depart = (key: string, work: Parameters<SingleFlight<T, P>['run']>[1]): Flight<T, P> => {
    const stop = new AbortController()
    const watchers = new Set<Watch<P>>()
    const partials: P[] = []
    const result = work({
      signal: stop.signal,
      onProgress(share) {
        for (const watcher of watchers) watcher.onProgress?.(share)
      },
      onPartial(partial) {
        partials.push(partial)
        for (const watcher of watchers) watcher.onPartial?.(partial)
      },
    })
    const flight: Flight<T, P> = { result, stop, watchers, partials, waiting: 0 }
    flights.set(key, flight)
    const land = () => {
      if (flights.get(key) === flight) flights.delete(key)
    }
    flight.result.then(land, land)
    return flight
  }

  return {
    async run(key, work, { signal, ...watch }) {
      signal.throwIfAborted()
      const flight = flights.get(key) ?? depart(key, work)
      flight.waiting += 1
      for (const partial of flight.partials) watch.onPartial?.(partial)
      flight.watchers.add(watch)
      let leave = () => {}
      const gone = new Promise<never>((_, reject) => {
        leave = () => reject(signal.reason)
        signal.addEventListener('abort', leave, { once: true })
      })
      try {
        return await Promise.race([flight.result, gone])
      } finally {
        signal.removeEventListener('abort', leave)
        flight.watchers.delete(watch)
        flight.waiting -= 1
        if (flight.waiting === 0) {
          if (flights.get(key) === flight) flights.delete(key)
          flight.stop.abort(signal.reason)
        }
      }
    },
  }
}
