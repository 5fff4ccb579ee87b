import { createEvents, type EventsNeeds } from './core.ts'
import type { Events } from './events.ts'
import { moveOut } from './outbox.ts'

/** Events among the services of one process, or of several that run the same services on one PostgreSQL. Broadcasts stay within the process. */
export function openEvents(needs: EventsNeeds): Events {
  const { database, clock } = needs
  return createEvents(needs, (here) => ({
    start: async () => undefined,
    relay: (routes) => moveOut(database.kysely, routes, new Date(clock.now())),
    broadcast: (channel, data) => here.deliver(channel, data),
    stop: async () => undefined,
  }))
}
