const WRITES_MS = 6_000

/** Who writes where, as far as they said so in the last six seconds. */
export interface Typists {
  note(room: string, name: string): void
  /** Their words are here: they no longer write them. */
  spoke(room: string, name: string): void
  in(room: string): readonly string[]
  subscribe(changed: () => void): () => void
  close(): void
}

const NOBODY: readonly string[] = []

export function createTypists(after: (ms: number, act: () => void) => () => void): Typists {
  const rooms = new Map<string, readonly string[]>()
  const timers = new Map<string, () => void>()
  const listeners = new Set<() => void>()
  const set = (room: string, names: readonly string[]) => {
    rooms.set(room, names)
    for (const changed of listeners) changed()
  }
  const spoke = (room: string, name: string) => {
    timers.get(`${room} ${name}`)?.()
    timers.delete(`${room} ${name}`)
    const names = rooms.get(room) ?? NOBODY
    if (names.includes(name))
      set(
        room,
        names.filter((one) => one !== name),
      )
  }
  return {
    note(room, name) {
      timers.get(`${room} ${name}`)?.()
      timers.set(
        `${room} ${name}`,
        after(WRITES_MS, () => spoke(room, name)),
      )
      const names = rooms.get(room) ?? NOBODY
      if (!names.includes(name)) set(room, [...names, name])
    },
    spoke,
    in: (room) => rooms.get(room) ?? NOBODY,
    subscribe(changed) {
      listeners.add(changed)
      return () => listeners.delete(changed)
    },
    close() {
      for (const cancel of timers.values()) cancel()
      timers.clear()
    },
  }
}
