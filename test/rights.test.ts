import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CONTRACTS } from '../src/compose/contracts.ts'
import { OTHER_ROUTES } from '../src/compose/other-routes.ts'
import { type Contract, hasBody, type Operation, pathKeys } from '../src/kernel/contract.ts'
import type { Principal } from '../src/kernel/principal.ts'
import { encodeQuery } from '../src/kernel/query.ts'
import { Secret } from '../src/kernel/secret.ts'
import { createServiceTokens } from '../src/platform/http/token.ts'
import { type RunningCity, startCity, temporaryFolder } from './kit/city.ts'
import { firstOwner, newcomer, type Resident } from './kit/resident.ts'
import { OBJECTS, type Template } from './rights.table.ts'

// Made from all contracts: an operation that is new fails here until it is written into the table.

const SECRET = 'a secret of thirty-two characters or more'
const OPERATIONS = Object.entries<Contract>(CONTRACTS).flatMap(([service, contract]) =>
  Object.entries(contract).map(([name, op]) => ({ name: `${service}.${name}`, op })),
)
const ROUTES = OTHER_ROUTES.map(({ method, path, right }) => ({
  name: `${method.toUpperCase()} ${path}`,
  op: {
    method: method.toUpperCase() as Operation['method'],
    path: path.replace(/\{(\w+)\}/g, ':$1'),
    access: 'principal' as const,
    right,
  },
}))
type Route = Pick<Operation, 'method' | 'path' | 'access' | 'right'>
const ALL: readonly { readonly name: string; readonly op: Route }[] = [...OPERATIONS, ...ROUTES]

const folder = temporaryFolder()
let city: RunningCity
/** How each knocks. The keeper has what the others may not see; the member is in the keeper's room. */
let as: Record<'owner' | 'admin' | 'stranger' | 'agent' | 'member' | 'keeper' | 'narrow', string>
let hidden: Record<string, string>

beforeAll(async () => {
  city = await startCity({ DATA_DIR: join(folder.path, 'data'), CITY_SECRET: SECRET })
  const owner = await firstOwner(city)
  const [keeper, member, stranger, admin] = [
    await newcomer(owner, 'Хранителька'),
    await newcomer(owner, 'Член'),
    await newcomer(owner, 'Марта'),
    await newcomer(owner, 'Адмін'),
  ]
  const idOf = async (who: Resident) => (await who.auth.me({})).id
  await owner.auth.changeResident({ principal: await idOf(admin), role: 'admin' })
  const agent: Principal = { id: 'agent_curious', kind: 'agent', name: 'Curious', role: 'resident' }
  const token = await createServiceTokens(new Secret(SECRET)).sign({ service: 'agents', principal: agent })
  const { key } = await owner.auth.makeKey({ name: 'narrow', scopes: ['auth.city.read'] })
  as = {
    owner: owner.authorization,
    admin: admin.authorization,
    stranger: stranger.authorization,
    agent: `Service ${token}`,
    member: member.authorization,
    keeper: keeper.authorization,
    narrow: `Bearer ${key}`,
  }
  hidden = await hide(owner, keeper, member, await idOf(member))
}, 120_000)
afterAll(async () => {
  await city?.stop()
  folder[Symbol.dispose]()
}, 30_000)

/** Something of every kind, in a private room and in a direct one. */
async function hide(
  owner: Resident,
  keeper: Resident,
  other: Resident,
  member: string,
): Promise<Record<string, string>> {
  const room = (await keeper.city.openRoom({ name: 'Правління', visibility: 'private' })).id
  await keeper.city.addMember({ room, principal: member })
  const { body: file } = await keeper.uploadBytes(Buffer.from('Воду вимкнуть.'), 'план.txt', 'text/plain')
  const { id } = file as { id: string }
  const said = await keeper.say(room, '@daarwizz що в плані?', [{ type: 'file', file: id }])
  const settled = await keeper.settled(room, said.id)
  const at = new Date(Date.now() + 3600_000).toISOString()
  const scheduled = await keeper.city.schedule({ room, text: 'згодом', at })
  const direct = await keeper.ownRoom()
  const begun = await fetch(`${city.url}/api/city/uploads`, {
    method: 'POST',
    headers: { authorization: keeper.authorization, 'tus-resumable': '1.0.0', 'upload-length': '10' },
  })
  const { items } = await keeper.auth.keys({})
  // What the room's own filter tells of is nobody's but its keepers', not even those who run the city.
  await keeper.city.moderateRoom({
    room,
    slowSeconds: 0,
    rules: [{ kind: 'words', value: 'лайка', action: 'report' }],
  })
  await other.city.post({ room, clientId: 'told', text: 'лайка' })
  const told = (await keeper.city.reports({})).items[0]?.id ?? ''
  const muted = await keeper.city.mute({ room, principal: member, reason: 'лайка', until: at })
  return {
    room,
    message: said.id,
    file: id,
    run: settled.runs[0]?.id ?? '',
    upload: begun.headers.get('location')?.split('/').at(-1) ?? '',
    document: settled.parts[0]?.document?.id ?? '',
    scheduled: scheduled.id,
    direct,
    directMessage: (await keeper.say(direct, 'Привіт')).id,
    key: items[0]?.id ?? '',
    report: told,
    sanction: muted.id,
    roomInvitation: (await keeper.city.inviteToRoom({ room })).id,
    invitation: (await owner.auth.invite({})).id,
    person: member,
    job: await orderOf(keeper, id),
    automation: await automationOf(keeper, direct),
    vectors: await vectorsOf(keeper),
    ...(await keptBy(keeper)),
  }
}

/** What an agent does by itself for somebody. */
async function automationOf({ agents }: Resident, room: string): Promise<string> {
  const trigger = { kind: 'member' as const }
  return (await agents.makeAutomation({ agent: 'daarwizz', room, name: 'x', task: 'x', trigger })).id
}

/** A collection of somebody's own with an address that it reads. */
async function keptBy({ knowledge }: Resident): Promise<Record<'collection' | 'source', string>> {
  const { id: collection } = await knowledge.makeCollection({ name: 'Папери' })
  const { id: source } = await knowledge.addSource({ collection, url: 'https://listener.invalid/' })
  return { collection, source }
}

/** Vectors that somebody keeps. */
async function vectorsOf(who: Resident): Promise<string> {
  const response = await fetch(`${city.url}/api/multimodal/vectors`, {
    method: 'POST',
    headers: { authorization: who.authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'papers_own', dimensions: 2 }),
  })
  if (response.status !== 201) throw new Error(`A collection answered ${response.status}`)
  return 'papers_own'
}

/** Long work that somebody asked for. */
async function orderOf(who: Resident, file: string): Promise<string> {
  const response = await fetch(`${city.url}/api/multimodal/parse`, {
    method: 'POST',
    headers: {
      authorization: who.authorization,
      'content-type': 'application/json',
      prefer: 'respond-async',
    },
    body: JSON.stringify({ source: file, webhook: 'https://listener.invalid/' }),
  })
  if (response.status !== 202) throw new Error(`A job answered ${response.status}: ${await response.text()}`)
  return ((await response.json()) as { id: string }).id
}

/** As long as real ones, and nobody's. */
const missing = (kind: string): string => (hidden[kind] ?? `${kind}_x`).replace(/_.*/, `_${'0'.repeat(26)}`)

const PIECE = {
  ...{ 'tus-resumable': '1.0.0', 'upload-offset': '0', 'upload-length': '10' },
  'content-type': 'application/offset+octet-stream',
}

interface Told {
  readonly status: number
  readonly text: string
  readonly headers: Readonly<Record<string, string>>
}

async function knock(
  op: Route,
  input: Readonly<Record<string, unknown>>,
  authorization?: string,
): Promise<Told> {
  const inPath = pathKeys(op as Operation)
  const path = op.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(input[name] ?? 'x')))
  const rest = Object.fromEntries(Object.entries(input).filter(([name]) => !inPath.includes(name)))
  // Pieces of an upload come by a protocol of their own.
  const piece = /^\/api\/city\/uploads(\/:upload)?$/.test(op.path)
  const body = hasBody(op as Operation) && !path.startsWith('/api/city/files') && !piece
  const query = body ? '' : encodeQuery(rest)
  const response = await fetch(`${city.url}${path}${query ? `?${query}` : ''}`, {
    method: op.method,
    headers: {
      ...(authorization !== undefined && { authorization }),
      ...(body && { 'content-type': 'application/json' }),
      ...(piece && PIECE),
    },
    ...(body && { body: JSON.stringify(rest) }),
    signal: AbortSignal.timeout(30_000),
  })
  const shown = [...response.headers].filter(([name]) => !['date', 'x-request-id'].includes(name))
  return { status: response.status, text: await response.text(), headers: Object.fromEntries(shown) }
}

const code = ({ status, text }: Told): string => `${status} ${/"code":"([^"]+)"/.exec(text)?.[1] ?? ''}`

describe('who may call at all', () => {
  test.each(ALL.filter(({ op }) => op.access !== 'public'))('$name', async ({ name, op }) => {
    const outcome = async (who?: string) => code(await knock(op, {}, who))
    if (op.access === 'service') {
      for (const who of [undefined, as.stranger, as.owner, as.narrow])
        expect(await outcome(who)).toBe('404 http.not_found')
      return
    }
    if (name.startsWith('HEAD ')) {
      // It has no words.
      expect([await knock(op, {}), await knock(op, {}, as.narrow)].map(({ status }) => status)).toEqual([
        401, 403,
      ])
      return
    }
    expect(await outcome()).toBe('401 auth.required')
    const told = await knock(op, {}, as.narrow)
    expect(code(told)).toBe('403 auth.out_of_scope')
    expect(told.text).toContain(op.right)
    if (op.access === 'operator') expect(await outcome(as.stranger)).toBe('403 auth.forbidden')
  })
})

describe('what one may not see answers as what is not there', () => {
  test('every operation stands in the table, and nothing else', () => {
    expect(new Set(Object.keys(OBJECTS))).toEqual(new Set(ALL.map(({ name }) => name)))
  })

  const filled = (template: Template, pick: (kind: string) => string): Record<string, unknown> =>
    JSON.parse(JSON.stringify(template).replace(/\$(\w+)/g, (_, kind: string) => pick(kind)))

  const cases = ALL.flatMap(({ name, op }) =>
    (OBJECTS[name] ?? []).map((template) => ({ name, op, template })),
  )
  test.each(cases)('$name $template', async ({ op, template }) => {
    const kinds = [...JSON.stringify(template).matchAll(/\$(\w+)/g)].map(([, kind = '']) => kind)
    for (const kind of kinds) expect(hidden[kind], `a hidden ${kind}`).toBeTruthy()
    const outsiders = ['stranger', 'admin', 'owner', 'agent'] as const
    await Promise.all(
      outsiders.map(async (who) => {
        const theirs = await knock(
          op,
          filled(template, (kind) => hidden[kind] ?? ''),
          as[who],
        )
        const nothing = await knock(op, filled(template, missing), as[who])
        expect({ who, ...theirs }).toEqual({ who, ...nothing })
        for (const kind of kinds) expect(theirs.text).not.toContain(hidden[kind])
      }),
    )
  })

  test.each(
    cases.filter(
      ({ op, template }) =>
        op.method === 'GET' && /\$(room|file|run|document)/.test(JSON.stringify(template)),
    ),
  )('$name is there for who is in the room', async ({ op, template }) => {
    const told = await knock(
      op,
      filled(template, (kind) => hidden[kind] ?? ''),
      as.keeper,
    )
    expect([200, 415], told.text.slice(0, 200)).toContain(told.status)
  })
})
