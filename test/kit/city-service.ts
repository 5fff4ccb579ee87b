import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import type { Media } from '../../src/engines/media/media.ts'
import { local } from '../../src/kernel/client.ts'
import { type Clock, systemClock } from '../../src/kernel/clock.ts'
import type { Client } from '../../src/kernel/contract.ts'
import { createIds, type Ids } from '../../src/kernel/ids.ts'
import type { Principal } from '../../src/kernel/principal.ts'
import type { Database } from '../../src/platform/database/database.ts'
import { openDisk } from '../../src/platform/files/disk.ts'
import type { Files } from '../../src/platform/files/files.ts'
import { httpError } from '../../src/platform/http/http.errors.ts'
import { createHttp } from '../../src/platform/http/http.ts'
import { serve } from '../../src/platform/http/serve.ts'
import type { Identity } from '../../src/platform/http/service.ts'
import { memoryKv } from '../../src/platform/kv/memory.ts'
import { createMetrics } from '../../src/platform/metrics.ts'
import { cityContract } from '../../src/services/city/city.contract.ts'
import type { CityDb } from '../../src/services/city/city.store.ts'
import type { CityTables } from '../../src/services/city/city.tables.ts'
import { type CityNeeds, createCity } from '../../src/services/city/city.ts'
import type { KnownAgent } from '../../src/services/city/messages/policy.ts'
import { type TestEvents, testDatabase, testEvents } from './database.ts'

export const DAARWIZZ: KnownAgent = {
  id: 'agent_daarwizz',
  slug: 'daarwizz',
  name: 'DAARWIZZ',
  names: ['daarwizz', 'даарвіз'],
  state: 'active',
}

const person = (id: string, name: string, role: Principal['role'] = 'resident'): Principal => ({
  id,
  kind: 'person',
  name,
  role,
})

/** The people of the tests. Each signs in with their own first name as key. */
export const people = {
  olena: person('p_olena', 'Олена', 'owner'),
  taras: person('p_taras', 'Тарас'),
  iryna: person('p_iryna', 'Ірина'),
} as const
export type Someone = keyof typeof people

export interface TestCity extends AsyncDisposable {
  readonly database: Database
  readonly db: CityDb
  readonly events: TestEvents
  readonly files: Files
  readonly ids: Ids
  readonly app: FastifyInstance
  readonly url: string
  readonly folder: string
  /** Credentials that let nobody in any more, though nobody said so. */
  readonly ended: Set<string>
  /** The bugs that were reported. */
  readonly bugs: unknown[]
  /** The city as one person sees it. */
  as(who: Someone): Client<typeof cityContract>
  /** A request with this person's key. */
  fetch(who: Someone | null, path: string, init?: RequestInit): Promise<Response>
}

export interface TestCityOptions extends Partial<Pick<CityNeeds, 'capabilities' | 'media' | 'kv'>> {
  readonly agents?: CityNeeds['agents'] | null
  readonly limits?: Partial<CityNeeds['limits']>
  /** What search asks besides the city's own words. */
  readonly finding?: Partial<
    Pick<CityNeeds, 'embeddings' | 'allEmbeddings' | 'knowledge' | 'webSearch' | 'openLink'>
  >
  readonly push?: CityNeeds['push']
  /** The system's where none is given. */
  readonly clock?: Clock
  /** A migrated one; otherwise a fresh PGlite. Disposed of with the city. */
  readonly database?: Database
  /** Before events are handed out. */
  readonly before?: (city: { events: TestEvents; db: CityDb }) => void
}

const ALL = { audio: true, image: true, file: true }

/** The city's service alone, on a database of its own, behind a real HTTP server. */
export async function openTestCity(options: TestCityOptions = {}): Promise<TestCity> {
  const clock = options.clock ?? systemClock
  const database = options.database ?? (await testDatabase())
  const db: CityDb = database.kysely.withTables<CityTables>()
  const events = testEvents(database, clock)
  const folder = await mkdtemp(join(tmpdir(), 'daarion-city-'))
  const files = await openDisk({ folder })
  const ids = createIds(clock)
  const bugs: unknown[] = []
  const ended = new Set<string>()
  const city = createCity({
    db,
    events,
    files,
    uploads: join(folder, 'uploads'),
    kv: options.kv ?? memoryKv(systemClock),
    ...(options.media && { media: options.media satisfies Media }),
    auth: {
      principals: async ({ ids: asked }) => ({ items: residents.filter(({ id }) => asked.includes(id)) }),
      residents: async () => ({ items: Object.values(people) }),
      standing: async ({ ids: asked }) => ({ ids: asked.filter((id) => !ended.has(id)) }),
    },
    account: {
      me: async (_input, { principal } = {}) => ({
        ...(principal ?? people.olena),
        email: null,
        locale: null,
      }),
      security: async () => ({
        ...{ email: null, emailVerified: false, passwordChangedAt: null },
        ...{ totp: null, passkeys: [] },
      }),
      sessions: async () => ({ items: [] }),
      keys: async () => ({ items: [] }),
      links: async () => ({ items: [] }),
    },
    ...(options.agents !== null && { agents: options.agents ?? (async () => [DAARWIZZ]) }),
    ...options.finding,
    ...(options.push && { push: options.push }),
    capabilities: options.capabilities ?? ALL,
    clock,
    ids,
    limits: { maxUploadBytes: 1024 * 1024, quotaBytes: 8 * 1024 * 1024, ...options.limits },
    publicUrl: 'http://127.0.0.1:7400',
    failed: (failure) => bugs.push(failure),
  })
  const app = await createHttp({
    logger: pino({ level: 'silent' }),
    metrics: createMetrics(),
    publicUrl: 'http://127.0.0.1:7400',
    trustProxy: false,
    maxUploadBytes: 1024 * 1024,
  })
  serve(app, city, identify)
  city.routes?.(app, identify)
  await city.start?.()
  options.before?.({ events, db })
  await events.start()
  await app.listen({ port: 0, host: '127.0.0.1' })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const client = local(cityContract, city.handlers, 'test')

  return {
    database,
    db,
    events,
    files,
    ids,
    app,
    url,
    folder,
    bugs,
    ended,
    as(who) {
      const calls = Object.entries(client).map(([name, call]) => [
        name,
        // The options of a call add who makes it; its input is the contract's own.
        (input: never) => call(input, { principal: people[who] }),
      ])
      return Object.fromEntries(calls) as Client<typeof cityContract>
    },
    fetch: (who, path, init = {}) =>
      fetch(new URL(path, url), {
        ...init,
        headers: { ...(who && { authorization: `Bearer ${who}` }), ...init.headers },
      }),
    async [Symbol.asyncDispose]() {
      await city.stop?.()
      await app.close()
      await events[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
      await files[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const residents: readonly Principal[] = [
  ...Object.values(people),
  { id: DAARWIZZ.id, kind: 'agent', name: DAARWIZZ.name, role: 'resident' },
]

/** A key, or a cookie, is a first name. */
async function identify({ headers }: { headers: Record<string, unknown> }): Promise<Identity> {
  const key = /^Bearer (\w+)$/.exec(String(headers.authorization ?? ''))?.[1]
  const cookie = /session=(\w+)/.exec(String(headers.cookie ?? ''))?.[1]
  const name = key ?? cookie
  if (name === undefined) return { principal: null, service: null, credential: null }
  const principal = Object.entries(people).find(([who]) => who === name)?.[1]
  if (!principal) throw httpError('auth.bad_credential')
  const credential = { type: key ? ('key' as const) : ('session' as const), id: `cred_${name}` }
  return { principal, service: null, credential }
}

/** The least bytes that are sniffed as what they say. */
export const BYTES = {
  wav: Buffer.concat([
    Buffer.from(
      'RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data\x08\0\0\0',
      'latin1',
    ),
    Buffer.alloc(8),
  ]),
  png: Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  ),
  text: Buffer.from('Збори о шостій.\n'),
}

export function form(bytes: Uint8Array<ArrayBuffer>, name: string, field = 'file'): FormData {
  const data = new FormData()
  data.append(field, new Blob([bytes]), name)
  return data
}

/** Uploads a file as somebody and answers with its id. */
export async function upload(
  city: TestCity,
  who: Someone,
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
): Promise<string> {
  const response = await city.fetch(who, '/api/city/files', { method: 'POST', body: form(bytes, name) })
  const answer = (await response.json()) as { id?: string }
  if (response.status !== 201 || answer.id === undefined) throw new Error(JSON.stringify(answer))
  return answer.id
}
