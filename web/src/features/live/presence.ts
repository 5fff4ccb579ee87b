import type { Presence, PresenceState } from '../../../../src/services/city/presence.contract.ts'

/** Who is here and what agents are at, as far as the live line told. */
export interface PresenceStore {
  /** `gone` while nothing is known of them. */
  of(principal: string): PresenceState
  subscribe(changed: () => void): () => void
  note(people: readonly Presence[]): void
  /** The line is gone: nobody knows any more. */
  forget(): void
}

export function createPresenceStore(): PresenceStore {
  const states = new Map<string, PresenceState>()
  const listeners = new Set<() => void>()
  const tell = () => {
    for (const changed of listeners) changed()
  }
  return {
    of: (principal) => states.get(principal) ?? 'gone',
    subscribe(changed) {
      listeners.add(changed)
      return () => listeners.delete(changed)
    },
    note(people) {
      for (const { principal, state } of people) {
        if (state === 'gone') states.delete(principal)
        else states.set(principal, state)
      }
      tell()
    },
    forget() {
      if (states.size === 0) return
      states.clear()
      tell()
    },
  }
}

/** What is reported, and how often it is said again where nothing changed. */
export interface Report {
  readonly state: 'here' | 'away'
  readonly room: string | null
}
const AGAIN_MS = 60_000

export interface Reporter {
  /** Says what is so now, at once where it is new. */
  look(): void
  /** The line is open anew: the other end knows nothing. */
  begin(): void
  close(): void
}

/** Reports what this client's person is at: at each change, and once a minute. */
export function createReporter(
  now: () => Report,
  send: (report: Report) => boolean,
  after: (ms: number, act: () => void) => () => void,
): Reporter {
  let said: Report | null = null
  let cancel = () => {}
  const say = () => {
    cancel()
    const report = now()
    said = send(report) ? report : null
    cancel = after(AGAIN_MS, say)
  }
  return {
    look() {
      const { state, room } = now()
      if (said?.state !== state || said.room !== room) say()
    },
    begin: say,
    close: () => cancel(),
  }
}
