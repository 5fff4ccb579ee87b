import type { z } from 'zod'
import type { Channel } from '../../kernel/event.ts'

/** Hands transient broadcasts to the listeners of this process. A listener that throws disturbs nobody. */
export interface Broadcasts {
  listen<C extends Channel>(channel: C, heard: (data: z.output<C['data']>) => void): () => void
  /** Delivers data that was read by the channel's type, in the order of the calls, after the caller is done. */
  deliver(channel: string, data: unknown): void
  /** Reads data that came from outside and delivers it to those whose type it fits. */
  receive(channel: string, data: unknown): void
}

interface Listener {
  readonly channel: Channel
  heard(data: unknown): void
}

export function createBroadcasts(report: (failure: unknown) => void): Broadcasts {
  const listeners = new Map<string, Set<Listener>>()

  function tell(listener: Listener, data: unknown): void {
    try {
      listener.heard(data)
    } catch (failure) {
      report(failure)
    }
  }
  return {
    listen<C extends Channel>(channel: C, heard: (data: z.output<C['data']>) => void) {
      // Only data that the channel's own type has read is ever handed to it.
      const listener: Listener = { channel, heard: heard as (data: unknown) => void }
      const own = listeners.get(channel.channel) ?? new Set()
      listeners.set(channel.channel, own.add(listener))
      return () => {
        own.delete(listener)
      }
    },
    deliver(channel, data) {
      queueMicrotask(() => {
        for (const listener of listeners.get(channel) ?? []) tell(listener, data)
      })
    },
    receive(channel, data) {
      for (const listener of listeners.get(channel) ?? []) {
        const read = listener.channel.data.safeParse(data)
        if (read.success) tell(listener, read.data)
        else report(read.error)
      }
    },
  }
}
