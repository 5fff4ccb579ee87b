import { type Clock, systemClock } from '../../kernel/clock.ts'
import type { Events } from '../../platform/events/events.ts'
import { type OpenStreams, openStreams as open } from '../../platform/http/open-streams.ts'
import type { Authenticate } from '../../platform/http/service.ts'
import { credentialRevoked } from '../auth/auth.events.ts'

/** The streams of runs that somebody reads. */
export const openStreams = (
  events: Events,
  authenticate: Authenticate,
  clock: Clock = systemClock,
): OpenStreams => open({ events, clock, authenticate, revoked: credentialRevoked })
