import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { type Answer, type Asked, ask, form } from './kit/ask.ts'
import { type RunningCity, startCity, temporaryFolder } from './kit/city.ts'
import { scratchPostgres } from './kit/postgres.ts'
import { until } from './kit/resident.ts'

// Each secret is planted where it belongs, then everything the city says and writes is searched for it.

const { TEST_DATABASE_URL } = process.env
const planted = {
  llmKey: 'sk-canary-llm-0f6d1c2b',
  sttKey: 'sk-canary-stt-77aa01c9',
  citySecret: 'canary-city-secret-6b1f0a2c9d4e8f7a',
  ownerPassword: 'canary owner password 91',
  wrongPassword: 'canary wrong password 42',
  newPassword: 'canary new password 77',
  smtpPassword: 'canary-smtp-31ab77f0',
}
const WORDS = 'канарка сіла на дзвіницю о шостій'

const folder = temporaryFolder()
const data = join(folder.path, 'data')
const heard: Answer[] = []
let provider: Server
let script: { status: number; body: (echo: string) => string } = { status: 200, body: () => '' }
let city: RunningCity
let secrets: Record<string, string>

type Line = Parameters<typeof ask>[1]
async function say(line: Line, asked: Asked = {}): Promise<Answer> {
  const answer = await ask(city.url, line, asked)
  heard.push(answer)
  return answer
}

beforeAll(async () => {
  // A provider that repeats everything it was told.
  provider = createServer(async (request, response) => {
    let body = ''
    for await (const piece of request.setEncoding('utf8')) body += piece
    const echo = `${request.headers.authorization} said ${body}`
    response.writeHead(script.status, { 'content-type': 'application/json' }).end(script.body(echo))
  })
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
  const at = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`
  city = await startCity({
    DATA_DIR: data,
    LOG_LEVEL: 'debug',
    CITY_SECRET: planted.citySecret,
    LLM_URL: at,
    LLM_KEY: planted.llmKey,
    LLM_MODEL: 'echo',
    STT_URL: at,
    STT_KEY: planted.sttKey,
    // Nobody listens there: what fails to be sent must tell nothing either.
    SMTP_URL: `smtp://city:${planted.smtpPassword}@127.0.0.1:9`,
    MAIL_FROM: 'city@city.test',
    OWNER_EMAIL: 'owner@city.test',
    OWNER_PASSWORD: planted.ownerPassword,
  })
  await live()
  secrets = { ...planted, ...(await walk()) }
}, 120_000)
afterAll(async () => {
  await city?.stop()
  provider?.close()
  folder[Symbol.dispose]()
}, 30_000)

/** Makes sure that somebody answers before the walk begins. */
const live = () =>
  until(
    () => ask(city.url, 'GET /health'),
    ({ status }) => status === 200,
    'the city',
  )

/** Uses every secret, rightly and wrongly; answers with those that were made on the way. */
async function walk(): Promise<Record<string, string>> {
  const signIn = (email: string, password: string) =>
    say('POST /api/auth/sign-in/email', { json: { email, password } })
  await signIn('owner@city.test', planted.wrongPassword)
  await say('POST /api/auth/sign-in/email', { json: { email: 1, password: planted.wrongPassword } })
  await say('POST /api/auth/sign-in/email', { json: { email: 'x', password: [planted.wrongPassword] } })
  const { cookie } = await signIn('owner@city.test', planted.ownerPassword)
  const { body: made } = await say('POST /api/auth/keys', { cookie, json: { name: 'canary' } })
  const key: string = made.key
  const { body: invited } = await say('POST /api/auth/invitations', { key, json: {} })
  const account = {
    code: invited.code,
    email: 'new@city.test',
    password: planted.newPassword,
    name: 'Нова',
  }
  await say('POST /api/auth/password/forgotten', { json: { email: 'owner@city.test' } })
  const password = planted.ownerPassword
  await say('POST /api/auth/totp', { cookie, json: { password: planted.wrongPassword } })
  const { body: begun } = await say('POST /api/auth/totp', { cookie, json: { password } })
  const { body: linked } = await say('POST /api/auth/links', { cookie, json: { provider: 'matrix' } })
  await say('POST /api/auth/sign-up', { json: { ...account, name: '' } })
  await say('POST /api/auth/sign-up', { json: account })
  await say('POST /api/auth/sign-up', { json: account })
  await say('GET /api/city/rooms', { key: `${key}x` })
  await say('GET /api/city/rooms', { cookie: `${cookie}x` })
  await say(`GET /api/nothing?key=${key}` as Line)
  await say('POST /api/city/rooms', {
    key,
    body: `{"name":"${WORDS}`,
    headers: { 'content-type': 'application/json' },
  })

  const errorOf = (message: string) => JSON.stringify({ error: { message, type: 'canary', code: 'canary' } })
  const scripts: (typeof script)[] = [
    { status: 401, body: errorOf },
    { status: 400, body: errorOf },
    { status: 500, body: errorOf },
    { status: 200, body: (echo) => echo },
    { status: 200, body: (echo) => `data: ${echo}\n\n` },
    { status: 200, body: (echo) => `data: ${errorOf(echo)}\n\n` },
  ]
  for (const [n, each] of scripts.entries()) {
    script = each
    const text = `@daarwizz ${WORDS}`
    const said = await say('POST /api/city/rooms/square/messages', { key, json: { clientId: `c${n}`, text } })
    const { body: over } = await until(
      () => ask(city.url, `GET /api/city/rooms/square/messages/${said.body.id}`, { key }),
      ({ body }) => body.runs.every(({ state }: { state: string }) => !['queued', 'running'].includes(state)),
      `the run of script ${n}`,
      60_000,
    )
    heard.push({ ...said, text: JSON.stringify(over.runs) })
    heard.push({
      ...said,
      text: JSON.stringify(
        (await ask(city.url, `GET /api/agents/runs/${over.runs[0].id}`, { key })).body.error,
      ),
    })
    const messages = [{ role: 'user', content: 'hello' }]
    await say('POST /v1/chat/completions', { key, json: { model: 'city', messages } })
    await say('POST /v1/chat/completions', { key, json: { model: 'city', messages, stream: true } })
    await say('POST /v1/audio/transcriptions', { key, body: form(Buffer.from(`RIFF${n}`), 'a.wav') })
  }
  await socketWalk(key)
  for (const path of [
    '/health',
    '/ready',
    '/metrics',
    '/openapi.json',
    '/docs',
    '/api/multimodal/engines',
    '/api/models',
  ])
    await say(`GET ${path}` as Line, { key })
  await say('POST /api/auth/sign-out', { cookie, json: {} })
  const [, session = ''] = cookie.split('=')
  return {
    key,
    invitation: invited.code,
    totp: begun.secret,
    linkCode: linked.code,
    session,
    signature: decodeURIComponent(session).split('.').at(-1) ?? '',
  }
}

async function socketWalk(key: string): Promise<void> {
  const socket = new WebSocket(`${city.url.replace('http', 'ws')}/api/city/live`, {
    headers: { authorization: `Bearer ${key}` },
  })
  await new Promise((resolve) => socket.once('open', resolve))
  socket.send(`{"type":"send","room":"square","text":"${WORDS}`)
  socket.send(JSON.stringify({ type: 'send', room: 'square', clientId: 'ws', text: WORDS, parts: [1] }))
  socket.send(JSON.stringify({ type: 'send', room: 'nowhere', clientId: 'ws', text: WORDS }))
  await new Promise((resolve) => setTimeout(resolve, 300))
  socket.close()
}

/** The names of the secrets that stand in a text, as they are, or as an address or JSON writes them. */
const found = (text: string, values: Readonly<Record<string, string>>) =>
  Object.entries(values)
    .filter(([, value]) =>
      [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)].some((way) =>
        text.includes(way),
      ),
    )
    .map(([name]) => name)

test('nothing the city printed holds a secret, or what people said', () => {
  expect(city.output().length).toBeGreaterThan(100)
  expect(found(city.output(), { ...secrets, WORDS })).toEqual([])
})

test('no answer tells a secret, but the one that makes it', () => {
  const { key, invitation, totp, linkCode, ...never } = secrets
  for (const { text } of heard) expect(found(text, never), text.slice(0, 300)).toEqual([])
  for (const [name, secret = ''] of Object.entries({ key, invitation, totp, linkCode }))
    expect(heard.filter(({ text }) => found(text, { secret }).length > 0).length, name).toBe(1)
})

test('what people said is not in metrics, in readiness, or in anybody’s error', () => {
  const places = heard.filter(
    ({ text, status }) => status >= 400 || /^# HELP/.test(text) || /"checks":/.test(text),
  )
  expect(places.length).toBeGreaterThan(10)
  for (const { text } of places) expect(found(text, { WORDS }), text.slice(0, 300)).toEqual([])
})

test('what lies on the disk holds no password, key or token as it is', async () => {
  await city.stop()
  const { session: _, ...never } = secrets
  const files = readdirSync(data, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  expect(files.length).toBeGreaterThan(10)
  const bytes = files.map((file) => readFileSync(join(file.parentPath, file.name), 'latin1'))
  expect(bytes.some((text) => text.includes('owner@city.test'))).toBe(true)
  for (const [index, text] of bytes.entries()) expect(found(text, never), files[index]?.name).toEqual([])
})

describe('a city that cannot start', () => {
  const canary = 'canary-in-an-address'
  test.each([
    ['DATABASE_URL', `postgres://someone:${canary}@127.0.0.1:1/nowhere`],
    ['REDIS_URL', `redis://:${canary}@127.0.0.1:1`],
    ['NATS_URL', `nats://someone:${canary}@127.0.0.1:1`],
    ['DATABASE_URL', `mysql://someone:${canary}@127.0.0.1/nowhere`],
    ['PORT', canary],
    ['CITY_SECRET', canary],
    ['OWNER_PASSWORD', 'canary'],
  ])(
    '%s of %s is not repeated',
    async (name, value) => {
      using own = temporaryFolder()
      const env = {
        DATA_DIR: own.path,
        LOG_LEVEL: 'debug',
        OWNER_EMAIL: 'a@b.co',
        OWNER_PASSWORD: 'a long password',
        [name]: value,
      }
      const failure = await startCity(env, 20_000).then(
        (opened) => opened.stop().then(() => 'it opened'),
        (error: Error) => error.message,
      )
      expect(failure).toMatch(/did not open/)
      expect(failure).not.toContain('canary')
    },
    40_000,
  )

  test.skipIf(!TEST_DATABASE_URL)(
    'nor is the password of a database that is there',
    async () => {
      await using scratch = await scratchPostgres(TEST_DATABASE_URL ?? '')
      using own = temporaryFolder()
      const url = new URL(scratch.url.reveal())
      url.password = canary
      await using opened = await startCity({ DATA_DIR: own.path, DATABASE_URL: url.href, LOG_LEVEL: 'debug' })
      const ready = await ask(opened.url, 'GET /ready')
      expect(ready.status).toBe(200)
      expect(opened.output() + ready.text).not.toContain(canary)
    },
    90_000,
  )
})
