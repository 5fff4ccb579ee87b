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

export function createDrafts(storage: () => Storage, person: string): Drafts {
  const files = new Map<string, readonly Attached[]>()
  const keyOf = (room: string) => `draft:${person}:${room}`
  return {
    text(room) {
      try {
        return storage().getItem(keyOf(room)) ?? ''
      } catch {
        return ''
      }
    },
    setText(room, text) {
      try {
        if (text === '') storage().removeItem(keyOf(room))
        else storage().setItem(keyOf(room), text)
      } catch {
        // A browser that keeps nothing still lets one write.
      }
    },
    files: (room) => files.get(room) ?? [],
    setFiles: (room, next) => void files.set(room, next),
  }
}
