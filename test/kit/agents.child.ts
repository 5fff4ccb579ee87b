// A city's agents in a process of their own, until it is killed. Its one argument is JSON of `Doomed`; it opens the runs it is given, and says `finished RUN` for each that is over.
import { pino } from 'pino'
import { librarian } from '../../src/engines/llm/librarian.ts'
import { openAiCompatible } from '../../src/engines/llm/openai-compatible.ts'
import { local } from '../../src/kernel/client.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { createIds } from '../../src/kernel/ids.ts'
import type { Principal } from '../../src/kernel/principal.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { openPglite } from '../../src/platform/database/pglite.ts'
import { openEvents } from '../../src/platform/events/in-process.ts'
import { agentsContract, type RunRequest } from '../../src/services/agents/agents.contract.ts'
import { runFinished } from '../../src/services/agents/agents.events.ts'
import type { AgentsTables } from '../../src/services/agents/agents.tables.ts'
import { type AgentsCity, createAgents } from '../../src/services/agents/agents.ts'
import { createLlmProxy } from '../../src/services/llm-proxy/llm-proxy.ts'

export interface Doomed {
  /** A folder for PGlite. */
  readonly dataDir: string
  readonly llm: string
  /** Agents to make of the templates of the same name, before the runs are opened. */
  readonly agents: readonly string[]
  readonly runs: readonly RunRequest[]
  /** Where its rooms are told what is said in them and what will be: by POST, `{what, clientId?}`. */
  readonly rooms: string
}

const doomed = JSON.parse(process.argv[2] ?? '') as Doomed
const clock = systemClock
const ids = createIds(clock)
const database = await openPglite({ dataDir: doomed.dataDir })
const events = openEvents({ database, clock, ids, logger: pino({ level: 'silent' }) })
const model = { url: doomed.llm, key: new Secret('sk-1'), model: 'scripted-1', retryForMs: 0 }
async function told(what: string, clientId: string): Promise<{ id: string; at: string }> {
  await fetch(doomed.rooms, { method: 'POST', body: JSON.stringify({ what, clientId }) })
  return { id: 'msg_told', at: '2027-01-31T09:00:00.000Z' }
}
const rooms = {
  room: async ({ room }: { room: string }) => ({ id: room, visibility: 'private' }),
  members: async () => ({ items: [] }),
  post: ({ clientId }: { clientId: string }) => told('post', clientId),
  schedule: () => told('schedule', ''),
}
const service = createAgents({
  db: database.kysely,
  events,
  auth: { enrolAgent: async ({ id, name }) => ({ id, name, kind: 'agent', role: 'resident' }) },
  llm: createLlmProxy({
    engines: [openAiCompatible(model, { clock, random: Math.random }), librarian({ clock, ids })],
  }),
  // It answers what these runs ask of it and no more.
  city: rooms as unknown as AgentsCity,
  clock,
  ids,
  limits: { concurrency: 8 },
})
events.consume({
  // As the next life names it, which takes up what this one could not settle.
  name: 'test.runs',
  db: database.kysely,
  types: [runFinished],
  handle: async ({ data: { run } }) => void process.stdout.write(`finished ${run}\n`),
})
const client = local(agentsContract, service.handlers, 'router-v2')
await service.start?.()
await events.start()
const owner: Principal = { id: 'usr_mayor', kind: 'person', name: 'mayor', role: 'owner' }
for (const slug of doomed.agents) {
  await client.makeAgent({ slug, name: slug, template: slug }, { principal: owner })
  await client.changeAgent({ agent: slug, state: 'active' }, { principal: owner })
}
const effects = ['post_message', 'schedule_message']
await client.setMandate({ agent: 'daarwizz', mandate: { effects } }, { principal: owner })
const { id: agent } = await client.agent({ agent: 'daarwizz' }, { principal: owner })
await database.kysely
  .withTables<AgentsTables>()
  .insertInto('agents.standing_grant')
  .values(
    effects.map((tool) => ({
      agent,
      room: 'room_2',
      tool,
      author: owner.id,
      created_at: new Date(clock.now()),
    })),
  )
  .execute()
for (const run of doomed.runs) await client.start(run)
