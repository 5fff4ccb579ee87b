/** Work that several want at once is done once. It is cancelled when the last of them is gone. */
export interface SingleFlight<T> {
  run(
    key: string,
    work: (signal: AbortSignal, onProgress: (share: number) => void) => Promise<T>,
    how: { readonly signal: AbortSignal; readonly onProgress?: ((share: number) => void) | undefined },
  ): Promise<T>
}

interface Flight<T> {
  readonly result: Promise<T>
  readonly stop: AbortController
  readonly watchers: Set<(share: number) => void>
  waiting: number
}

export function createSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>()

  const depart = (key: string, work: Parameters<SingleFlight<T>['run']>[1]): Flight<T> => {
    const stop = new AbortController()
    const watchers = new Set<(share: number) => void>()
    const report = (share: number) => {
      for (const watch of watchers) watch(share)
    }
    const flight: Flight<T> = { result: work(stop.signal, report), stop, watchers, waiting: 0 }
    flights.set(key, flight)
    const land = () => {
      if (flights.get(key) === flight) flights.delete(key)
    }
    flight.result.then(land, land)
    return flight
  }

  return {
    async run(key, work, { signal, onProgress }) {
      signal.throwIfAborted()
      const flight = flights.get(key) ?? depart(key, work)
      flight.waiting += 1
      if (onProgress) flight.watchers.add(onProgress)
      let leave = () => {}
      const gone = new Promise<never>((_, reject) => {
        leave = () => reject(signal.reason)
        signal.addEventListener('abort', leave, { once: true })
      })
      try {
        return await Promise.race([flight.result, gone])
      } finally {
        signal.removeEventListener('abort', leave)
        if (onProgress) flight.watchers.delete(onProgress)
        flight.waiting -= 1
        if (flight.waiting === 0) {
          if (flights.get(key) === flight) flights.delete(key)
          flight.stop.abort(signal.reason)
        }
      }
    },
  }
}
