import { once } from 'node:events'
import { createServer } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { remoteEngines } from '../src/compose/remote-engines.ts'
import { systemClock } from '../src/kernel/clock.ts'
import type { Principal } from '../src/kernel/principal.ts'
import { Scope } from '../src/kernel/scope.ts'
import { Secret } from '../src/kernel/secret.ts'
import { createServiceTokens } from '../src/platform/http/token.ts'
import { ground, type House, openHouse, parser } from '../src/services/multimodal-gateway/gateway.fixture.ts'
import { type RunningCity, startCity, temporaryFolder } from './kit/city.ts'

// Node 1 is this process, node 2 one that keeps a parser and nothing else.

const SECRET = 'a secret of thirty-two characters or more'
const CITY: Principal = { id: 'city', kind: 'service', name: 'city', role: 'resident' }
const scope = new Scope()
const folder = temporaryFolder()
let node: RunningCity
let house: House
let host: string

const startNode = (port = '0') =>
  startCity({ RUN: 'parser', CITY_SECRET: SECRET, PORT: port, DATA_DIR: folder.path })

beforeAll(async () => {
  const [site, started] = await Promise.all([ground(scope), startNode()])
  node = started
  host = new URL(node.url).host
  const tokens = createServiceTokens(new Secret(SECRET))
  const remote = remoteEngines.parser({
    url: node.url,
    clock: systemClock,
    authorize: async () => ({
      authorization: `Service ${await tokens.sign({ service: 'multimodal-gateway', principal: CITY })}`,
    }),
    patience: { healthMs: 1_000, lookMs: 300 },
  })
  const local = parser([{ number: 1, state: 'read', text: 'тут' }])
  house = await openHouse(scope, site, { parser: [remote, local] })
}, 120_000)
afterAll(async () => {
  await scope[Symbol.asyncDispose]()
  await node?.kill()
  folder[Symbol.dispose]()
}, 30_000)

let count = 0
/** Asks for something new; whoever gives it, it is given. */
async function ask(): Promise<string> {
  const body = new FormData()
  body.append('file', new Blob([`Сторінка ${count++}.`], { type: 'text/plain' }), 'a.txt')
  const answer = await fetch(`${house.url}/api/multimodal/parse`, { method: 'POST', body })
  expect(answer.status).toBe(200)
  const { pages } = (await answer.json()) as { pages: { state: string; text: string }[] }
  expect(pages).toMatchObject([{ state: 'read', text: expect.stringMatching(/Сторінка|тут/) }])
  return answer.headers.get('x-engine') ?? ''
}
async function eventually(wanted: (engine: string) => boolean): Promise<void> {
  const end = Date.now() + 40_000
  while (!wanted(await ask())) {
    if (Date.now() > end) throw new Error('nobody else answered')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
const theirs = (engine: string) => engine.startsWith(`${host}/`)
const ours = (engine: string) => engine === 'scripted/1'
const stateOf = async () => {
  const { items } = (await (await fetch(`${house.url}/api/multimodal/engines`)).json()) as {
    items: { driver: string; state: string }[]
  }
  return items.find(({ driver }) => driver === `peer ${host}`)?.state
}

test('a node of engines serves those doors to services alone, and no others', async () => {
  expect(theirs(await ask())).toBe(true)
  const post = (path: string) => fetch(`${node.url}${path}`, { method: 'POST' })
  expect((await post('/api/multimodal/parse')).status).toBe(401)
  expect((await post('/api/multimodal/ocr')).status).toBe(404)
  expect(await (await fetch(`${node.url}/ready`)).json()).toMatchObject({ state: 'ok', services: ['parser'] })
})

test('frozen, killed, answering garbage or back again: every answer is given, by whoever can', async () => {
  process.kill(node.pid, 'SIGSTOP')
  await eventually(ours)
  process.kill(node.pid, 'SIGCONT')
  await eventually(theirs)
  // Frozen in the middle of the work: it is left when its health is silent.
  const asked = Promise.all(Array.from({ length: 6 }, () => ask()))
  process.kill(node.pid, 'SIGSTOP')
  expect((await asked).every((engine) => ours(engine) || theirs(engine))).toBe(true)
  await node.kill()
  await eventually(ours)
  // Its health is asked now and then; until then it rests after its failure.
  for (const end = Date.now() + 30_000; (await stateOf()) !== 'down'; ) {
    expect(Date.now()).toBeLessThan(end)
    await new Promise((later) => setTimeout(later, 100))
  }

  const { port } = new URL(node.url)
  const garbage = createServer((request, response) => {
    request.resume()
    response.end(request.url === '/health' ? '{}' : '<html>{"pages": 7')
  })
  garbage.listen(Number(port), '127.0.0.1')
  await once(garbage, 'listening')
  const cooling = async () => {
    await ask()
    return (await stateOf()) === 'cooling'
  }
  for (const end = Date.now() + 20_000; !(await cooling()); ) expect(Date.now()).toBeLessThan(end)
  expect(ours(await ask())).toBe(true)
  garbage.close()
  garbage.closeAllConnections()
  node = await startNode(port)
  await eventually(theirs)
  expect(await stateOf()).toBe('ok')
}, 120_000)
