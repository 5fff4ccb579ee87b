/** Gathers what is asked in the same turn of the event loop, and asks it together, up to `most` at a time. The same key asked twice is asked once. Rejects for all of a batch that could not be loaded. */
export function batched<K, V>(
  load: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>,
  most: number,
): (key: K) => Promise<V | undefined> {
  let waiting = new Map<K, Promise<V | undefined>>()
  let next: Promise<ReadonlyMap<K, V>> | undefined

  const open = (): Promise<ReadonlyMap<K, V>> => {
    const keys = waiting
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        if (waiting === keys) {
          waiting = new Map()
          next = undefined
        }
        load([...keys.keys()]).then(resolve, reject)
      })
    })
  }

  return (key) => {
    const there = waiting.get(key)
    if (there) return there
    if (waiting.size >= most) {
      waiting = new Map()
      next = undefined
    }
    next ??= open()
    const found = next.then((values) => values.get(key))
    waiting.set(key, found)
    return found
  }
}
