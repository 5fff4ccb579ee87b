/** Between the end of one load and the beginning of the next: a crowd that comes back is asked for in a few large ones. */
const GATHER_MS = 5

interface Batch<K, V> {
  readonly keys: Map<K, Promise<V | undefined>>
  readonly found: Promise<ReadonlyMap<K, V>>
  readonly load: () => Promise<void>
}

/** Gathers what is asked in the same turn of the event loop, while a load is under way and a moment after, and asks it together, up to `most` at a time. The same key asked twice is asked once. Rejects for all of a batch that could not be loaded. */
export function batched<K, V>(
  load: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>,
  most: number,
): (key: K) => Promise<V | undefined> {
  const waiting: Batch<K, V>[] = []
  let busy = false

  const go = (): void => {
    const next = waiting.shift()
    busy = next !== undefined
    void next?.load().then(() => setTimeout(go, GATHER_MS))
  }

  const open = (): Batch<K, V> => {
    const keys = new Map<K, Promise<V | undefined>>()
    let begin = (): Promise<void> => Promise.resolve()
    const found = new Promise<ReadonlyMap<K, V>>((resolve, reject) => {
      begin = () => load([...keys.keys()]).then(resolve, reject)
    })
    return { keys, found, load: () => begin() }
  }

  return (key) => {
    let batch = waiting.at(-1)
    if (!batch || batch.keys.size >= most) {
      batch = open()
      waiting.push(batch)
    }
    if (!busy) {
      busy = true
      setImmediate(go)
    }
    const there = batch.keys.get(key)
    if (there) return there
    const found = batch.found.then((values) => values.get(key))
    batch.keys.set(key, found)
    return found
  }
}
