import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import { createAuthenticate } from '../../src/compose/authenticate.ts'
import { local } from '../../src/kernel/client.ts'
import type { Client } from '../../src/kernel/contract.ts'
import { createIds } from '../../src/kernel/ids.ts'
import type { Principal } from '../../src/kernel/principal.ts'
import { Scope } from '../../src/kernel/scope.ts'
import { Secret } from '../../src/kernel/secret.ts'
import type { Database } from '../../src/platform/database/database.ts'
import type { Events } from '../../src/platform/events/events.ts'
import { openEvents } from '../../src/platform/events/in-process.ts'
import { watchOutage } from '../../src/platform/events/outage.ts'
import { createAdminSocket } from '../../src/platform/http/admin-socket.ts'
import { serveHealth } from '../../src/platform/http/health.ts'
import { createHttp } from '../../src/platform/http/http.ts'
import { serve } from '../../src/platform/http/serve.ts'
import { createServiceTokens } from '../../src/platform/http/token.ts'
import { createLogger } from '../../src/platform/logger.ts'
import { createMetrics } from '../../src/platform/metrics.ts'
import { authContract } from '../../src/services/auth/auth.contract.ts'
import { type AuthNeeds, type AuthService, createAuth } from '../../src/services/auth/auth.ts'
import { type HandClock, handClock } from './clock.ts'
import { testDatabase } from './database.ts'

export const PASSWORD = 'correct horse battery'

/** A city with nothing but auth, over HTTP, on a real database, at a standing clock. */
export interface AuthCity extends AsyncDisposable {
  readonly database: Database
  readonly events: Events
  readonly clock: HandClock
  readonly auth: AuthService
  readonly client: Client<typeof authContract>
  /** The same city started once more, with other settings. */
  again(needs: Partial<AuthNeeds>): AuthService
  ask(method: Method, url: string, ask?: Ask): Promise<Answer>
  /** Makes the owner, and opens their session. */
  owner(): Promise<Resident>
  /** Lets somebody in by an invitation, and opens their session. */
  resident(email: string, role?: 'admin' | 'resident'): Promise<Resident>
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'
export interface Ask {
  readonly body?: object
  readonly cookie?: string
  readonly bearer?: string
  readonly address?: string
  readonly headers?: Readonly<Record<string, string>>
}
export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of a body by expecting it
  readonly body: any
  readonly headers: Readonly<Record<string, unknown>>
  /** `name=value` of the cookie that was set. */
  readonly cookie: string
}
export interface Resident extends Principal {
  readonly email: string
  readonly cookie: string
}

/** `socket` names a file to listen on for the operator's commands. */
export async function authCity(needs: Partial<AuthNeeds> = {}, socket?: string): Promise<AuthCity> {
  const scope = new Scope()
  const database = await testDatabase()
  scope.defer(() => database[Symbol.asyncDispose]())
  const clock = handClock()
  const ids = createIds(clock)
  const logger = createLogger('silent')
  const events = openEvents({ database, clock, ids, logger })
  scope.defer(() => events.stop())
  const base: AuthNeeds = {
    database: database.kysely,
    events,
    clock,
    ids,
    secret: new Secret('a secret of this test city, long enough'),
    publicUrl: 'http://127.0.0.1:7400',
    cityName: 'Тестове',
  }
  const auth = createAuth({ ...base, ...needs })
  // Two of one name would hear every event twice: only the first one consumes.
  const again = (other: Partial<AuthNeeds>) => {
    const quiet: Events = { ...(other.events ?? events), consume: () => {} }
    return createAuth({ ...base, ...needs, ...other, events: quiet })
  }
  await auth.start?.()
  scope.defer(() => auth.stop?.())
  const { publicUrl } = { ...base, ...needs }
  const metrics = createMetrics()
  const app = await createHttp({
    logger,
    metrics,
    publicUrl,
    trustProxy: false,
    maxUploadBytes: 1,
  })
  const admin = createAdminSocket(app)
  const tokens = createServiceTokens(base.secret)
  const known = local(authContract, auth.handlers, 'http')
  const authenticate = createAuthenticate({
    auth: known,
    tokens,
    bySocket: admin.owns,
    outage: watchOutage(events, clock),
  })
  serve(app, auth, authenticate)
  auth.routes?.(app, authenticate)
  scope.defer(() => app.close())
  serveHealth(app, {
    clock,
    metrics,
    services: ['auth'],
    check: async () => [{ name: 'database', state: 'ok' }],
  })
  scope.defer(() => admin.close())
  if (socket) await admin.listen(socket)
  const ask = asking(app)

  const client = local(authContract, auth.handlers, 'test')

  async function arrive(url: string, by: object, email: string): Promise<Resident> {
    const body = { ...by, email, password: PASSWORD, name: email.replace(/@.*/, '') }
    const answer = await ask('POST', url, { body })
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body))
    return { ...answer.body, cookie: answer.cookie }
  }

  return {
    database,
    events,
    clock,
    auth,
    client,
    again,
    ask,
    async owner() {
      const token = (await auth.welcomeToken())?.reveal() ?? ''
      return arrive('/api/auth/welcome', { token }, 'owner@misto.example')
    },
    async resident(email, role = 'resident') {
      const principal = await auth.owner()
      const { code } = await client.invite({ role }, { principal })
      if (!needs.mail) return arrive('/api/auth/sign-up', { code }, email)
      // Where letters are sent the account would wait for one.
      const account = { code, email, password: PASSWORD, name: email.replace(/@.*/, '') }
      await local(authContract, again({ mail: null }).handlers, 'test').signUp(account)
      const { body, cookie } = await ask('POST', '/api/auth/sign-in/email', {
        body: { email, password: PASSWORD },
      })
      return { ...body, cookie }
    },
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  }
}

/** How many rows a table has. */
export async function countRows(city: AuthCity, table: string): Promise<number> {
  const counted = sql<{ n: number }>`select count(*)::int as n from ${sql.table(table)}`
  const { rows } = await counted.execute(city.database.kysely)
  return rows[0]?.n ?? -1
}

const asking =
  (app: FastifyInstance): AuthCity['ask'] =>
  async (method, url, { body, cookie, bearer, address = '10.0.0.1', headers = {} } = {}) => {
    const response = await app.inject({
      method,
      url,
      remoteAddress: address,
      headers: {
        ...headers,
        ...(cookie !== undefined && { cookie }),
        ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
      },
      ...(body && { payload: body }),
    })
    const set = String(response.headers['set-cookie'] ?? '')
    return {
      status: response.statusCode,
      body: response.json(),
      headers: response.headers,
      cookie: set.slice(0, Math.max(0, set.indexOf(';'))),
    }
  }
