import type { OutboxStore, OutEntry } from './outbox.ts'

const NAME = 'daarion'
const TABLE = 'outbox'

/** Keeps entries, with their files' bytes, in IndexedDB. Where the browser has none, has no room, or shuts it while the page is left, they live as long as the page. */
export function createOutboxStore(): OutboxStore {
  const memory = new Map<string, OutEntry>()
  let opening: Promise<IDBDatabase | null> | undefined
  const database = () => {
    opening ??= open().catch(() => null)
    return opening
  }
  const run = async <T>(
    mode: IDBTransactionMode,
    act: (table: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T | null> => {
    const db = await database()
    if (!db) return null
    const tx = db.transaction(TABLE, mode, { durability: 'strict' })
    const request = act(tx.objectStore(TABLE))
    return new Promise((resolve, reject) => {
      tx.oncomplete = () => resolve(request.result)
      tx.onerror = () => reject(tx.error)
      tx.onabort = () => reject(tx.error)
    })
  }
  return {
    async all() {
      const kept = (await run<OutEntry[]>('readonly', (table) => table.getAll()).catch(() => null)) ?? []
      return [...kept, ...memory.values()]
    },
    async get(clientId) {
      const held = memory.get(clientId)
      if (held) return held
      const found = run<OutEntry | undefined>('readonly', (table) => table.get(clientId))
      return (await found.catch(() => null)) ?? undefined
    },
    async put(entry) {
      const stored = await run('readwrite', (table) => table.put(entry)).catch(() => null)
      if (stored === null) memory.set(entry.clientId, entry)
      else memory.delete(entry.clientId)
    },
    async delete(clientId) {
      memory.delete(clientId)
      await run('readwrite', (table) => table.delete(clientId)).catch(() => null)
    },
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE, { keyPath: 'clientId' })
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
    request.onblocked = () => reject(new Error('the outbox is held by another page'))
  })
}
