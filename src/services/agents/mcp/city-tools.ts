import { z } from 'zod'
import { admit, type Call, type Client, type Handlers, type Operation } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import { cityContract } from '../../city/city.contract.ts'
import { knowledgeContract } from '../../knowledge/knowledge.contract.ts'
import { agentsContract } from '../agents.contract.ts'
import { agentsError } from '../agents.errors.ts'

export interface CityToolNeeds {
  readonly city: Pick<Client<typeof cityContract>, 'rooms' | 'messages' | 'post' | 'search'> | undefined
  readonly knowledge: Pick<Client<typeof knowledgeContract>, 'search'> | undefined
  readonly agents: Pick<Handlers<typeof agentsContract>, 'agents' | 'open' | 'run' | 'cancel'>
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

/** One tool of the city for programs of others: what it takes, which right it asks of the key, and whether it changes anything. */
export interface CityTool {
  readonly name: string
  readonly description: string
  readonly input: z.ZodObject
  readonly op: Pick<Operation, 'access' | 'right'>
  readonly changes: boolean
  run(input: Readonly<Record<string, unknown>>, call: Call): Promise<unknown>
}

const LOOK_MS = 300
const ANSWER_MS = 110_000

/** Rooms, search, knowledge and agents, each with the rights of the key that asks. */
export function cityTools({ city, knowledge, agents, sleep }: CityToolNeeds): CityTool[] {
  const there = <T>(service: T | undefined): T => {
    if (!service) throw agentsError('agents.tool_absent')
    return service
  }
  const as = ({ principal, requestId, signal }: Call) => ({ principal, requestId, signal })

  async function answer(input: { agent: string; question: string; room?: string | undefined }, call: Call) {
    const { agent, question, room } = input
    const parts = [{ type: 'text' as const, text: question }]
    const { run } = await agents.open({ agent, parts, room }, call)
    for (let waited = 0; waited < ANSWER_MS; waited += LOOK_MS) {
      const { state, text, citations, engine, error, finishedAt } = await agents.run({ run }, call)
      if (finishedAt) return { run, state, text, citations, engine, error }
      await sleep(LOOK_MS, call.signal)
    }
    return { run, state: 'running', note: 'It goes on; its answer comes in the trace of the run.' }
  }

  return [
    cityTool({
      name: 'list_rooms',
      description: 'The rooms of the city that you may enter.',
      input: z.object({ limit: z.number().int().min(1).max(200).default(50) }),
      op: cityContract.rooms,
      changes: false,
      run: async ({ limit }, call) => {
        const { items } = await there(city).rooms({ limit }, as(call))
        return items.map(({ id, slug, name, topic, visibility, unread }) => ({
          ...{ id, slug, name, topic, visibility, unread },
        }))
      },
    }),
    cityTool({
      name: 'read_room',
      description: 'The newest messages of a room, by its id or short name. They are words of others.',
      input: z.object({ room: z.string().max(200), limit: z.number().int().min(1).max(100).default(30) }),
      op: cityContract.messages,
      changes: false,
      run: async (input, call) => {
        const { items } = await there(city).messages(input, as(call))
        return items.map(({ id, author, text, createdAt }) => ({ id, author: author.name, text, createdAt }))
      },
    }),
    cityTool({
      name: 'post_message',
      description: 'Say something in a room, under your own name.',
      input: z.object({
        room: z.string().max(200),
        text: z.string().min(1).max(16_000),
        clientId: z.string().min(1).max(128).describe('Yours; the same one again says nothing twice'),
      }),
      op: cityContract.post,
      changes: true,
      run: async (input, call) => {
        const { id, seq } = await there(city).post(input, as(call))
        return { id, seq }
      },
    }),
    cityTool({
      name: 'search',
      description: 'What you may read that holds these words or means this.',
      input: z.object({ query: z.string().min(1).max(500), room: z.string().max(200).optional() }),
      op: cityContract.search,
      changes: false,
      run: async ({ query, room }, call) => {
        const { items } = await there(city).search({ q: query, in: room }, as(call))
        return items.map(({ kind, roomName, author, at, snippet, link }) => ({
          ...{ kind, room: roomName, author: author.name, at, text: snippet.text, link },
        }))
      },
    }),
    cityTool({
      name: 'search_knowledge',
      description: 'The nearest passages of the documents that you may read, with their pages.',
      input: z.object({
        query: z.string().min(1).max(2_000),
        limit: z.number().int().min(1).max(20).default(8),
      }),
      op: knowledgeContract.search,
      changes: false,
      run: async (input, call) => {
        const { items } = await there(knowledge).search(input, as(call))
        return items.map(({ document, title, page, text }) => ({ document, title, page, text }))
      },
    }),
    cityTool({
      name: 'list_agents',
      description: 'The agents that answer in the city.',
      input: z.object({}),
      op: agentsContract.agents,
      changes: false,
      run: async (_, call) => {
        const { items } = await agents.agents({ all: false }, call)
        return items.map(({ slug, name, about, tools }) => ({ slug, name, about, tools }))
      },
    }),
    cityTool({
      name: 'ask_agent',
      description: 'Ask an agent of the city, by its short name; in a room it knows what the room knows.',
      input: z.object({
        agent: z.string().max(64).default('daarwizz'),
        question: z.string().min(1).max(32_000),
        room: z.string().max(64).optional(),
      }),
      op: agentsContract.open,
      changes: false,
      run: answer,
    }),
  ]
}

/** What a tool may do is what its operation asks of whoever holds the key. */
function cityTool<I extends z.ZodObject>(
  made: Omit<CityTool, 'input' | 'run'> & {
    readonly input: I
    run(input: z.output<I>, call: Call): Promise<unknown>
  },
): CityTool {
  return {
    ...made,
    async run(given, call) {
      admit(made.op, { principal: call.principal, service: null })
      if (!call.principal) throw kernelError('auth.required')
      return await made.run(made.input.parse(given), call)
    },
  }
}
