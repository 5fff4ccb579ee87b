import { z } from 'zod'
import type { Client } from '../../../kernel/contract.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { cityContract } from '../../city/city.contract.ts'
import { NewPoll } from '../../city/messages.contract.ts'
import { agentsError } from '../agents.errors.ts'
import { withoutStrangeAddresses } from './outward.ts'
import { type Tool, type ToolUse, tool } from './tool.ts'

type City = Pick<Client<typeof cityContract>, 'post' | 'schedule' | 'room' | 'scheduled'>

const Words = z.string().trim().min(1).max(8_000)
const Where = z.string().max(64).optional().describe('The id of a room; this room where nothing is said')

/** Tools that others see the effect of. The agent does them under its own name, in a room it belongs to, and only what the asker might do there too. */
export function effectTools(city: City | undefined): Tool[] {
  async function into(room: string | undefined, use: ToolUse) {
    if (!city) throw agentsError('agents.tool_absent')
    const target = room ?? use.room?.id
    if (target === undefined) throw agentsError('agents.tool_refused')
    const call = { requestId: use.requestId, signal: use.signal }
    // Both must be able to be there; where one is not, the city says that there is no such room.
    await city.room({ room: target }, { ...call, principal: use.asker })
    const as: Principal = { id: use.agent.id, kind: 'agent', name: use.agent.name, role: 'resident' }
    return { city, room: target, call: { ...call, principal: as } }
  }
  const clean = (text: string, use: ToolUse) => withoutStrangeAddresses(text, use.addresses)
  const doing = {
    risk: 'effect',
    timeoutMs: 20_000,
    foreign: false,
    // The city takes a message of the same author, room and clientId once.
    repeatable: true,
    available: () => city !== undefined,
  } as const

  return [
    tool({
      ...doing,
      name: 'post_message',
      about: { en: 'Writes a message', uk: 'Пише повідомлення' },
      description: 'Write a message in a room. The asker is shown it first.',
      input: z.object({ text: Words, room: Where }),
      async run({ text, room: name }, use) {
        const { city, room, call } = await into(name, use)
        const { id } = await city.post({ room, clientId: use.key, text: clean(text, use) }, call)
        return { text: `Posted as ${id}.` }
      },
    }),
    tool({
      ...doing,
      name: 'create_poll',
      about: { en: 'Puts a question to the vote', uk: 'Ставить питання на голосування' },
      description: 'Open a poll in a room. The asker is shown it first.',
      input: z.object({
        question: NewPoll.shape.question,
        options: NewPoll.shape.options,
        multiple: z.boolean().default(false),
        room: Where,
      }),
      async run({ room: name, question, options, multiple }, use) {
        const { city, room, call } = await into(name, use)
        const poll = {
          question: clean(question, use),
          options: options.map((option) => clean(option, use)),
          multiple,
        }
        const { id } = await city.post({ room, clientId: use.key, text: '', poll }, call)
        return { text: `The poll is ${id}.` }
      },
    }),
    tool({
      ...doing,
      repeatable: false,
      name: 'schedule_message',
      about: { en: 'Schedules a message', uk: 'Відкладає повідомлення' },
      description: 'Say something in a room later, at a time in UTC such as 2027-01-31T09:00:00Z.',
      input: z.object({ text: Words, at: z.iso.datetime(), room: Where }),
      async run({ text, at, room: name }, use) {
        const { city, room, call } = await into(name, use)
        const said = await city.schedule({ room, text: clean(text, use), at }, call)
        return { text: `It will be said at ${said.at}.` }
      },
    }),
  ]
}
