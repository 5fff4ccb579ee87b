import { expect } from 'vitest'
import { testEvents } from '../../../test/kit/database.ts'
import { eventually } from '../../../test/kit/eventually.ts'
import { openAiServer } from '../../../test/kit/openai-server.ts'
import { librarian } from '../../engines/llm/librarian.ts'
import { openAiCompatible } from '../../engines/llm/openai-compatible.ts'
import { local } from '../../kernel/client.ts'
import { type Clock, systemClock } from '../../kernel/clock.ts'
import { createIds, type Ids } from '../../kernel/ids.ts'
import type { Principal } from '../../kernel/principal.ts'
import { Secret } from '../../kernel/secret.ts'
import type { Database } from '../../platform/database/database.ts'
import { cityError } from '../city/city.errors.ts'
import type { Message } from '../city/messages.contract.ts'
import { createLlmProxy } from '../llm-proxy/llm-proxy.ts'
import { agentsContract, type RunRequest } from './agents.contract.ts'
import { type RunFinished, runDelta, runFinished, runStarted } from './agents.events.ts'
import { type AgentsCity, type AgentsNeeds, createAgents } from './agents.ts'
import type { Knowledge } from './retrieve.ts'

const clock = systemClock
export const ids = createIds(clock)
export const person = (name: string, role: Principal['role'] = 'resident'): Principal => ({
  id: `usr_${name}`,
  kind: 'person',
  name,
  role,
})
export const olia = person('olia')
export const petro = person('petro')
export const mayor = person('mayor', 'owner')

export const lease = {
  document: 'doc_lease',
  collection: 'col_hall',
  title: 'Lease.pdf',
  page: 3,
  place: null,
  text: 'It is old. The rent of the hall is 500 a month.',
  score: 1,
  why: { words: 1 },
}
export const knowing = (items = [lease]): Knowledge => ({
  search: async () => ({
    items,
    engine: 'e5',
    unread: [{ document: 'doc_lease', title: 'Lease.pdf', pages: [9] }],
  }),
  page: async ({ document, page }) => {
    const number = Number(page)
    return { document, title: 'Lease.pdf', number, state: 'read', text: lease.text, place: null, total: 4 }
  },
})

export interface HouseOptions {
  /** Where runs of several houses may lie beside each other. */
  readonly shared: Database
  /** A database of its own, which outlives the house. */
  readonly db?: Database
  readonly model?: boolean
  readonly knowledge?: Knowledge
  readonly runMs?: number
  readonly ids?: Ids
  readonly clock?: Clock
  readonly more?: Partial<AgentsNeeds>
}

type Call = { readonly principal?: Principal | null }

const TEMPLATES = ['orchestrator', 'translator', 'librarian']

/** Two rooms with Olia and the agent in them, kept in memory: what is posted stays, once per author, room and clientId. */
export function smallCity() {
  const talk: Message[] = []
  const policy = { mode: 'mentioned' }
  const posted: { room: string; author: string; clientId: string; text: string; poll?: unknown }[] = []
  const missing = async () => {
    throw cityError('city.room_not_found')
  }
  const rooms = {
    room_1: { name: 'Square', visibility: 'public', in: [olia.id, petro.id, 'agent_daarwizz'] },
    room_2: { name: 'Board', visibility: 'private', in: [olia.id, 'agent_daarwizz'] },
    room_own: { name: 'DAARWIZZ', visibility: 'direct', in: [olia.id, 'agent_daarwizz'] },
    room_few: { name: 'Few', visibility: 'private', in: [olia.id, petro.id] },
    room_other: { name: 'Elsewhere', visibility: 'private', in: [petro.id] },
  }
  const find = (id: string, { principal }: Call = {}) => {
    const room = Object.entries(rooms).find(([key]) => key === id)?.[1]
    if (!room?.in.includes(principal?.id ?? '')) throw cityError('city.room_not_found')
    const named = id === 'room_few' ? ['orchestrator', 'librarian'] : ['daarwizz', ...TEMPLATES]
    const replyPolicy = { mode: policy.mode, agents: named }
    return { id, replyPolicy, membership: principal?.id === olia.id ? 'owner' : 'member', ...room }
  }
  const message = (room: string, clientId: string) => ({ id: `msg_${clientId}`, room })
  const city = {
    readable: async ({ rooms: asked }: { rooms: string[] }, call?: Call) => ({
      rooms: call?.principal?.id === petro.id ? asked.filter((id) => id === 'room_1') : [],
    }),
    room: async ({ room }: { room: string }, call?: Call) => find(room, call),
    members: async ({ room }: { room: string }, call?: Call) => ({
      items: find(room, call).in.map((id) => ({
        id,
        kind: id.startsWith('agent') ? ('agent' as const) : ('person' as const),
        name: id,
        membership: 'member' as const,
      })),
    }),
    async message({ room, message: id }: { room: string; message: string }, call?: Call) {
      find(room, call)
      const said = talk.find((one) => one.room === room && one.id === id)
      if (!said) throw cityError('city.message_not_found')
      return said
    },
    async messages(input: { room: string; before?: number; thread?: string; limit: number }, call?: Call) {
      find(input.room, call)
      const { room, thread, before = Number.POSITIVE_INFINITY, limit } = input
      const found = talk.filter((one) => one.room === room && one.thread === thread && one.seq < before)
      const next = found.length > limit ? found.at(-limit)?.seq : undefined
      return { items: found.slice(-limit), next }
    },
    search: async () => ({ items: [], meant: [], meaning: 'none' as const }),
    reports: async () => ({ items: [] }),
    async post(
      input: { room: string; clientId: string; text?: string | undefined; poll?: unknown },
      call?: Call,
    ) {
      find(input.room, call)
      const author = call?.principal?.id ?? ''
      const { room, clientId, text = '', poll } = input
      if (!posted.some((one) => one.author === author && one.room === room && one.clientId === clientId))
        posted.push({ room, author, clientId, text, ...(poll !== undefined && { poll }) })
      return message(room, clientId)
    },
    schedule: missing,
    scheduled: missing,
  }
  // It answers what agents ask of it and no more.
  return { posted, talk, policy, city: city as unknown as AgentsCity }
}

/** Agents over a scripted provider (or the librarian alone), with one public room that Petro may read. */
export async function openHouse({
  shared,
  db,
  model = true,
  knowledge = knowing(),
  runMs = 20_000,
  ids: own = ids,
  clock: time = clock,
  more = {},
}: HouseOptions) {
  const database = db ?? shared
  const events = testEvents(database, time)
  const provider = await openAiServer()
  const rooms = smallCity()
  const config = { url: provider.url, key: new Secret('sk-1'), model: 'scripted-1', retryForMs: 0 }
  const alone = librarian({ clock, ids })
  const foreign = openAiCompatible(config, { clock, random: Math.random })
  const service = createAgents({
    db: database.kysely,
    events,
    auth: { enrolAgent: async ({ id, name }) => ({ id, name, kind: 'agent', role: 'resident' }) },
    llm: createLlmProxy({ engines: model ? [foreign, alone] : [alone] }),
    knowledge,
    city: rooms.city,
    clock: time,
    ids: own,
    limits: { runMs },
    ...more,
  })
  const started: string[] = []
  const finished: RunFinished[] = []
  events.consume({
    name: 'test.runs',
    db: database.kysely,
    types: [runStarted, runFinished],
    async handle({ data }) {
      const end = runFinished.data.safeParse(data)
      if (end.success) finished.push(end.data)
      else started.push(data.run)
    },
  })
  const deltas: { run: string; offset: number; text: string }[] = []
  events.listen(runDelta, (delta) => void deltas.push(delta))
  const client = local(agentsContract, service.handlers, 'router-v2')
  await service.start?.()
  await events.start()
  const ask = (more: Partial<RunRequest> = {}): RunRequest => ({
    run: ids.make('run'),
    agent: 'daarwizz',
    asker: olia,
    room: { id: 'room_1', name: 'Square', visibility: 'public' },
    message: 'msg_1',
    text: '@daarwizz what is the rent of the hall?',
    parts: [],
    history: [],
    ...more,
  })
  return {
    database,
    events,
    posted: rooms.posted,
    talk: rooms.talk,
    /** Of every room: when its agents answer. */
    policy: rooms.policy,
    provider,
    service,
    client,
    started,
    finished,
    deltas,
    ask,
    /** Opens a run and waits for its end. */
    async answered(more: Partial<RunRequest> = {}) {
      const request = ask(more)
      await client.start(request)
      await eventually(() => expect(finished.map(({ run }) => run)).toContain(request.run))
      return await client.run({ run: request.run }, { principal: request.asker })
    },
    async [Symbol.asyncDispose]() {
      if (!db) await events.settled()
      await service.stop?.()
      await events[Symbol.asyncDispose]()
      await provider[Symbol.asyncDispose]()
    },
  }
}
