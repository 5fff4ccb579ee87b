import type { PartType } from '../../../../src/services/city/messages.contract.ts'

/** A file that waits in the composer. */
export interface Attached {
  readonly key: string
  readonly name: string
  readonly type: PartType
  readonly blob: Blob
  readonly durationMs?: number | undefined
}

/** What a person began in each room: words outlive the page, files live as long as it does. Another who signs in here sees none of it. */
export interface Drafts {
  text(room: string): string
  setText(room: string, text: string): void
  files(room: string): readonly Attached[]
  setFiles(room: string, files: readonly Attached[]): void
}

/** Where words go so that they are there on another device too. */
export interface DraftsElsewhere {
  /** What was begun anywhere, by room. */
  all(): Promise<readonly { readonly room: string; readonly text: string }[]>
  keep(room: string, text: string): Promise<unknown>
  after(ms: number, act: () => void): () => void
}

/** So long nobody types before what was typed is kept elsewhere. */
const QUIET_MS = 1_500

/** Words begun on another device are taken over where nothing was begun here; those begun here follow in a moment. Threads' drafts stay here. */
export function createDrafts(storage: () => Storage, person: string, elsewhere?: DraftsElsewhere): Drafts {
  const waiting = new Map<string, () => void>()
  const follow = (room: string, text: string) => {
    if (!elsewhere || room.includes(':')) return
    waiting.get(room)?.()
    // What does not arrive goes with the next words.
    const send = () => void elsewhere.keep(room, text).catch(() => undefined)
    waiting.set(room, elsewhere.after(QUIET_MS, send))
  }
  const put = (room: string, text: string) => {
    try {
      if (text === '') storage().removeItem(keyOf(room))
      else storage().setItem(keyOf(room), text)
    } catch {
      // A browser that keeps nothing still lets one write.
    }
  }
  void elsewhere?.all().then(
    (drafts) => {
      for (const { room, text } of drafts) if (read(room) === '' && !waiting.has(room)) put(room, text)
    },
    () => undefined,
  )
  const read = (room: string) => {
    try {
      return storage().getItem(keyOf(room)) ?? ''
    } catch {
      return ''
    }
  }
  const files = new Map<string, readonly Attached[]>()
  const keyOf = (room: string) => `draft:${person}:${room}`
  return {
    text: read,
    setText(room, text) {
      put(room, text)
      follow(room, text)
    },
    files: (room) => files.get(room) ?? [],
    setFiles: (room, next) => void files.set(room, next),
  }
}
