import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '../../../test/kit/database.ts'
import type { Database } from '../../platform/database/database.ts'
import { mayor, olia, openHouse, smallCity } from './agents.fixture.ts'
import type { AgentsCity, AgentsNeeds } from './agents.ts'

let shared: Database
beforeAll(async () => {
  shared = await testDatabase()
})
afterAll(() => shared[Symbol.asyncDispose]())

const OWN = { id: 'room_own', name: 'DAARWIZZ', visibility: 'direct' } as const
const TOOLS = ['search_room', 'search_web', 'read_image', 'transcribe', 'list_reports']

/** What the services of the city answer, in their own shapes, and for whom they were asked. */
function services(asked: { of: string; by: string | undefined; input: unknown }[]) {
  const rooms = smallCity()
  const heard =
    <T>(of: string, answer: T) =>
    async (input: unknown, call?: { principal?: { id: string } | null }) => {
      asked.push({ of, by: call?.principal?.id, input })
      return answer
    }
  const hit = {
    kind: 'message',
    message: 'msg_7',
    author: { id: 'usr_petro', kind: 'person', name: 'Petro' },
    snippet: { text: 'The roof leaks.', marks: [] },
  }
  // They answer what is asked here and no more.
  const city = {
    ...rooms.city,
    search: heard('search_room', { items: [hit], meant: [], meaning: 'none' }),
    reports: heard('list_reports', { items: [{ id: 'report_1', reason: 'spam' }] }),
  } as unknown as AgentsCity
  const gateway = {
    search: heard('search_web', {
      items: [{ title: 'Roofs', url: 'https://roofs.example/', text: 'Tin lasts.' }],
    }),
    ocr: heard('ocr', { text: 'PRICE 300' }),
    describe: heard('describe', { objects: [{ label: { uk: 'дах', en: 'roof' } }] }),
  } as unknown as NonNullable<ReturnType<NonNullable<AgentsNeeds['gateway']>>>
  return { city, gateway }
}

test.each([
  ['search_room', { query: 'in:room_other roof' }, 'The roof leaks.', 'Petro'],
  ['search_web', { query: 'roof tin' }, 'Tin lasts.', 'Roofs'],
  ['read_image', { file: 'file_1' }, 'PRICE 300', 'file_1'],
  ['transcribe', { file: 'file_2' }, 'We buy tin.', 'file_2'],
  ['list_reports', {}, 'report_1', ''],
])('%s looks for the asker, and the model reads what it found', async (name, input, words, title) => {
  const asked: { of: string; by: string | undefined; input: unknown }[] = []
  const { city, gateway } = services(asked)
  await using set = await openHouse({
    shared,
    db: shared,
    more: {
      city,
      gateway: () => gateway,
      transcribe: async (file, { principal }) => {
        asked.push({ of: 'transcribe', by: principal.id, input: file })
        return { text: 'We buy tin.' }
      },
    },
  })
  await set.client.changeAgent({ agent: 'daarwizz', settings: { tools: TOOLS } }, { principal: mayor })
  set.provider.next({ calls: [{ name, input }] }, { tokens: ['Here it is.'] })
  const run = await set.answered({ room: OWN, text: 'look' })
  expect(run.steps.find(({ kind }) => kind === 'tool')).toMatchObject({
    state: 'done',
    detail: { tool: name },
  })
  const read = JSON.stringify(set.provider.requests.at(-1)?.body.messages)
  expect(read).toContain(words)
  expect(read).toContain(title)
  expect(asked.length).toBeGreaterThan(0)
  expect(asked.every(({ by }) => by === olia.id)).toBe(true)
  // Another room cannot be named in a query.
  expect(JSON.stringify(asked)).not.toContain('in:room')
})
