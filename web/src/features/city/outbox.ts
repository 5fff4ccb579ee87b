import { AppError } from '../../../../src/kernel/errors.ts'
import type { Message, NewMessage, PartType } from '../../../../src/services/city/messages.contract.ts'

export interface OutFile {
  readonly id: string
  readonly name: string
  readonly type: PartType
  readonly blob: Blob
  readonly durationMs?: number | undefined
  /** Its id in the city, once it is there. */
  readonly file?: string
}

interface OutFailure {
  readonly code: string
  readonly message: string
  readonly params?: Readonly<Record<string, string | number>>
}

/** A message on its way. Its clientId was chosen once, so that however often it is sent it is said once. */
export interface OutEntry {
  readonly clientId: string
  readonly author: string
  readonly room: string
  readonly text: string
  readonly replyTo: string | null
  /** The root of the thread it goes to. */
  readonly thread?: string | null
  readonly poll?: NewMessage['poll']
  readonly files: readonly OutFile[]
  readonly createdAt: number
  /** It may have reached the city: from here on its body must not change. */
  readonly posted?: boolean
  readonly failure?: OutFailure
}

/** Where entries outlive the page. */
export interface OutboxStore {
  all(): Promise<OutEntry[]>
  get(clientId: string): Promise<OutEntry | undefined>
  put(entry: OutEntry): Promise<void>
  delete(clientId: string): Promise<void>
}

/** An entry as it is shown. `uploads` holds the share (0…1) of each file that is being sent. */
export interface Outgoing extends OutEntry {
  readonly sending: boolean
  readonly uploads: Readonly<Record<string, number>>
}

export interface OutboxNeeds {
  store: OutboxStore
  author: string
  upload(file: OutFile, progress: (share: number) => void, signal: AbortSignal): Promise<{ id: string }>
  post(room: string, message: NewMessage): Promise<Message>
  now(): number
  random(): number
  newId(): string
  /** Runs `act` after `ms`; the result takes it back. */
  after(ms: number, act: () => void): () => void
  /** Runs `work` while no other page of this browser sends the same entry; skips it when one does. */
  alone(name: string, work: () => Promise<void>): Promise<void>
  acknowledged(entry: OutEntry, message: Message): void
}

interface Draft {
  readonly room: string
  readonly text: string
  readonly replyTo: string | null
  readonly thread?: string | null
  readonly poll?: NewMessage['poll']
  readonly files: readonly Omit<OutFile, 'id' | 'file'>[]
}

export interface Outbox {
  /** Resolves once the draft would survive a reload; it is sent from then on. */
  add(draft: Draft): Promise<void>
  retry(clientId: string): void
  /** Takes an entry out and hands it back, for those who change their mind. */
  discard(clientId: string): Promise<OutEntry | undefined>
  restore(entry: OutEntry): Promise<void>
  /** Leaves one file out, as long as the message may not have been said. */
  dropFile(clientId: string, file: string): void
  /** The city has it already: it came by the live line. */
  settle(clientId: string): void
  entries(): readonly Outgoing[]
  subscribe(changed: () => void): () => void
  /** The line is back: try now. */
  wake(): void
  close(): void
}

const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 30_000
/** A fault of the city’s own is tried this often before a person is asked. */
const FAULTS = 4

/** Sends what was written, each room in order, until the city has said that it is stored. Entries come back after a reload. */
export function createOutbox(needs: OutboxNeeds): Outbox {
  let entries: readonly Outgoing[] = []
  const listeners = new Set<() => void>()
  const pumping = new Set<string>()
  const wakers = new Set<() => void>()
  const uploads = new Map<string, AbortController>()
  let closed = false

  const show = (next: readonly Outgoing[]) => {
    entries = next
    for (const changed of listeners) changed()
  }
  const find = (clientId: string) => entries.find((entry) => entry.clientId === clientId)
  const patch = (clientId: string, change: Partial<Outgoing>) =>
    show(entries.map((entry) => (entry.clientId === clientId ? { ...entry, ...change } : entry)))
  const keep = async (clientId: string, change: Partial<OutEntry>) => {
    patch(clientId, change)
    const entry = find(clientId)
    if (entry) await needs.store.put(bare(entry))
  }
  const forget = async (clientId: string) => {
    show(entries.filter((entry) => entry.clientId !== clientId))
    await needs.store.delete(clientId)
  }

  const pump = async (room: string) => {
    if (pumping.has(room)) return
    pumping.add(room)
    try {
      for (let tries = 0; !closed; ) {
        const entry = entries.find((one) => one.room === room && !one.failure)
        if (!entry) return
        const wait = await attempt(entry.clientId, tries)
        tries = wait === null ? 0 : tries + 1
        if (wait !== null) await pause(wait)
      }
    } finally {
      pumping.delete(room)
    }
  }

  /** Null when the entry needs no more tries, else how long to wait. */
  const attempt = async (clientId: string, tries: number): Promise<number | null> => {
    let wait: number | null = FIRST_WAIT_MS
    await needs.alone(`outbox:${clientId}`, async () => {
      if (!(await needs.store.get(clientId))) {
        show(entries.filter((entry) => entry.clientId !== clientId))
        wait = null
        return
      }
      patch(clientId, { sending: true })
      try {
        await deliver(clientId)
        wait = null
      } catch (cause) {
        wait = await refused(clientId, AppError.from(cause), tries)
      } finally {
        patch(clientId, { sending: false })
      }
    })
    return wait
  }

  const deliver = async (clientId: string) => {
    for (let entry = find(clientId); entry; entry = find(clientId)) {
      const file = entry.files.find((one) => one.file === undefined)
      if (!file) return post(entry)
      await send(entry, file)
    }
  }

  const send = async (entry: Outgoing, file: OutFile) => {
    const stop = new AbortController()
    uploads.set(file.id, stop)
    const progress = (share: number) => {
      const now = find(entry.clientId)
      if (now) patch(entry.clientId, { uploads: { ...now.uploads, [file.id]: share } })
    }
    try {
      const { id } = await needs.upload(file, progress, stop.signal)
      const files = (find(entry.clientId)?.files ?? []).map((one) =>
        one.id === file.id ? { ...one, file: id } : one,
      )
      await keep(entry.clientId, { files })
    } catch (cause) {
      if (!stop.signal.aborted) throw cause
    } finally {
      uploads.delete(file.id)
    }
  }

  const post = async (entry: Outgoing) => {
    if (!entry.posted) await keep(entry.clientId, { posted: true })
    const parts = entry.files.flatMap(({ type, file }) => (file === undefined ? [] : [{ type, file }]))
    const { clientId, text, replyTo, thread, poll } = entry
    const more = { ...(thread && { thread }), ...(poll && { poll }) }
    const message = await needs.post(entry.room, { clientId, text, parts, replyTo, ...more })
    needs.acknowledged(entry, message)
    await forget(clientId)
  }

  const refused = async (clientId: string, failure: AppError, tries: number): Promise<number | null> => {
    const passing = failure.retryable || failure.kind === 'cancelled' || failure.kind === 'unauthenticated'
    if (passing || (failure.kind === 'internal' && tries < FAULTS)) {
      const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries)
      return failure.retryAfterMs ?? longest / 2 + (needs.random() * longest) / 2
    }
    const { code, message, params } = failure
    // A refusal stored nothing, so the body may change again, unless the city holds another one under this id.
    const posted = failure.kind === 'conflict'
    await keep(clientId, { failure: { code, message, params }, posted })
    return null
  }

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const done = () => {
        cancel()
        wakers.delete(done)
        resolve()
      }
      const cancel = needs.after(ms, done)
      wakers.add(done)
    })

  const start = (rooms: Iterable<string>) => {
    for (const room of new Set(rooms)) void pump(room)
  }
  const wake = () => {
    for (const done of [...wakers]) done()
    start(entries.map(({ room }) => room))
  }
  const restore = async (entry: OutEntry) => {
    const { failure: _, ...fresh } = entry
    await needs.store.put(fresh)
    show([...entries, shown(fresh)].sort((a, b) => a.createdAt - b.createdAt))
    start([entry.room])
  }

  const load = async () => {
    const kept = await needs.store.all()
    const mine = kept.filter(({ author, clientId }) => author === needs.author && !find(clientId))
    show([...mine.map(shown), ...entries].sort((a, b) => a.createdAt - b.createdAt))
    start(mine.map(({ room }) => room))
  }
  void load()

  return {
    async add(draft) {
      const files = draft.files.map((file) => ({ ...file, id: needs.newId() }))
      const entry: OutEntry = {
        ...draft,
        files,
        clientId: needs.newId(),
        author: needs.author,
        createdAt: needs.now(),
      }
      await needs.store.put(entry)
      show([...entries, shown(entry)])
      start([entry.room])
    },
    retry(clientId) {
      const entry = find(clientId)
      if (!entry) return
      const { failure: _, ...fresh } = entry
      show(entries.map((one) => (one.clientId === clientId ? fresh : one)))
      void needs.store.put(bare(fresh)).then(() => start([entry.room]))
    },
    async discard(clientId) {
      const entry = find(clientId)
      if (!entry) return undefined
      await forget(clientId)
      for (const { id } of entry.files) uploads.get(id)?.abort()
      return bare(entry)
    },
    restore,
    dropFile(clientId, file) {
      const entry = find(clientId)
      if (!entry || entry.posted) return
      const files = entry.files.filter(({ id }) => id !== file)
      const change = files.length > 0 || entry.text !== '' ? keep(clientId, { files }) : forget(clientId)
      void change.then(() => uploads.get(file)?.abort())
    },
    settle(clientId) {
      if (find(clientId)) void forget(clientId)
    },
    entries: () => entries,
    subscribe(changed) {
      listeners.add(changed)
      return () => listeners.delete(changed)
    },
    wake,
    close() {
      closed = true
      for (const done of [...wakers]) done()
      for (const stop of uploads.values()) stop.abort()
    },
  }
}

const shown = (entry: OutEntry): Outgoing => ({ ...entry, sending: false, uploads: {} })
const bare = ({ sending: _, uploads: __, ...entry }: Outgoing): OutEntry => entry
