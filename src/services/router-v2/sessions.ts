import type { Kysely } from 'kysely'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { Principal } from '../../kernel/principal.ts'
import type { Events } from '../../platform/events/events.ts'
import { residentErased } from '../auth/auth.events.ts'
import type { HistoryItem } from '../city/city.events.ts'
import type { RouterV2Tables } from './router-v2.tables.ts'

/** What was said in the sessions of programs. */
export interface Sessions {
  /** The last turns, oldest first. */
  history(principal: Principal, session: string): Promise<HistoryItem[]>
  /** The same run again changes nothing. */
  keep(
    principal: Principal,
    session: string,
    turn: { run: string; agent: string; asked: string; answered: string },
  ): Promise<void>
}

const MAX_TURNS = 10
const MAX_CHARS = 4_000
const KEEP_MS = 30 * 24 * 3_600_000

export function createSessions(needs: {
  readonly db: Kysely<RouterV2Tables>
  readonly clock: Clock
}): Sessions {
  const { db, clock } = needs
  return {
    async history(principal, session) {
      const turns = await db
        .selectFrom('router_v2.turn')
        .selectAll()
        .where('principal', '=', principal.id)
        .where('session', '=', session)
        .where('at', '>', new Date(clock.now() - KEEP_MS))
        .orderBy('id', 'desc')
        .limit(MAX_TURNS)
        .execute()
      const author = ({ id, kind, name }: Principal) => ({ id, kind, name })
      return turns.reverse().flatMap(({ id, agent, asked, answered, at }) => [
        { message: `${id}_q`, author: author(principal), at: at.toISOString(), text: asked },
        {
          message: `${id}_a`,
          author: { id: agent, kind: 'agent' as const, name: agent },
          at: at.toISOString(),
          text: answered,
        },
      ])
    },
    async keep(principal, session, { run, agent, asked, answered }) {
      await db
        .insertInto('router_v2.turn')
        .values({
          id: `turn_${run.replace(/^run_/, '')}`,
          principal: principal.id,
          session,
          agent,
          asked: asked.slice(0, MAX_CHARS),
          answered: answered.slice(0, MAX_CHARS),
          at: isoTime(clock.now()),
        })
        .onConflict((on) => on.doNothing())
        .execute()
      await db
        .deleteFrom('router_v2.turn')
        .where('at', '<', new Date(clock.now() - KEEP_MS))
        .execute()
    },
  }
}

/** Forgets what whoever is erased asked and was answered. */
export function consumeErasures(db: Kysely<RouterV2Tables>, events: Events): void {
  events.consume<RouterV2Tables, typeof residentErased>({
    name: 'router_v2.erase_resident',
    db,
    types: [residentErased],
    async handle({ data: { principal } }, job) {
      await job.commit(async (tx) => {
        await tx.deleteFrom('router_v2.turn').where('principal', '=', principal).execute()
        await tx.deleteFrom('router_v2.once').where('principal', '=', principal).execute()
      })
    },
  })
}
