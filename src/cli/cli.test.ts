import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AuthCity, authCity, type Resident } from '../../test/kit/auth-city.ts'
import { systemClock } from '../kernel/clock.ts'
import { runCli } from './cli.ts'

type Env = Readonly<Record<string, string>>
interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function run(env: Env, ...args: string[]): Promise<Ran> {
  const out = collector()
  const err = collector()
  const code = await runCli(['node', 'daarion', ...args], { env, out: out.stream, err: err.stream })
  return { code, out: out.text(), err: err.text() }
}

function collector() {
  const chunks: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk))
      done()
    },
  })
  return { stream, text: () => chunks.join('') }
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'daarion-cli-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('with a running city', () => {
  let city: AuthCity
  let owner: Resident
  let env: Env
  beforeAll(async () => {
    const dataDir = join(folder, 'running')
    await mkdir(dataDir)
    // The command and the city read the same clock, as on one machine.
    city = await authCity({ clock: systemClock }, join(dataDir, 'city.sock'))
    env = { DATA_DIR: dataDir, MODELS_DIR: join(folder, 'models') }
  })
  afterAll(() => city[Symbol.asyncDispose]())

  test('the socket is its user’s alone', async () => {
    expect((await stat(join(folder, 'running', 'city.sock'))).mode & 0o777).toBe(0o600)
  })

  test('a key needs an owner first', async () => {
    const { code, out, err } = await run(env, 'key', 'make', 'bot')
    expect([code, out]).toEqual([1, ''])
    expect(err).toBe('The city has no owner yet. Open the link that it printed when it last started.\n')
    expect((await run(env, 'user', 'list')).out).toBe('Nobody lives here yet.\n')
    owner = await city.owner()
  })

  test('lists the people', async () => {
    const listed = await run(env, 'user', 'list')
    expect(listed.code).toBe(0)
    expect(listed.out).toMatch(/^ID +ROLE +NAME\nperson_\w+ +owner +owner\n$/)
    const { id, kind, name, role } = owner
    expect(JSON.parse((await run(env, 'user', 'list', '--json')).out)).toEqual([{ id, kind, name, role }])
  })

  test('makes an invitation that lets somebody in', async () => {
    const args = ['user', 'invite', '--role', 'admin', '--uses', '2', '--days', '3']
    const { code, out } = await run(env, ...args)
    expect(code).toBe(0)
    expect(out).toMatch(/^http:\/\/127\.0\.0\.1:7400\/invitation#[\w-]{43}\nFor 2 people, as admin, until /)
    const invited = /#(\S+)/.exec(out)?.[1] ?? ''
    expect((await city.client.invitation({ code: invited })).role).toBe('admin')
  })

  test('gives an account back that lost every way in', async () => {
    const { code, out } = await run(env, 'user', 'recover')
    expect(code).toBe(0)
    expect(out).toMatch(
      /^http:\/\/127\.0\.0\.1:7400\/new-password#\S+\nFor owner \(owner@misto\.example\), once, /,
    )
    const nobody = await run(env, 'user', 'recover', '--email', 'nobody@misto.example')
    expect([nobody.code, nobody.err]).toEqual([1, 'Nobody in the city has this e-mail.\n'])
  })

  test('makes, lists and revokes keys of the owner', async () => {
    const made = JSON.parse((await run(env, 'key', 'make', 'bot', '--days', '5', '--json')).out)
    expect((await city.client.identify({ bearer: made.key }))?.principal.id).toBe(owner.id)
    const listed = await run(env, 'key', 'list')
    expect(listed.out).toContain(made.id)
    expect(listed.out).not.toContain(made.key)
    expect((await run(env, 'key', 'revoke', made.id)).code).toBe(0)
    expect(await city.client.identify({ bearer: made.key })).toBeNull()
    const twice = await run(env, 'key', 'revoke', made.id)
    expect([twice.code, twice.err]).toEqual([1, 'There is no such key.\n'])
  })

  test('the doctor asks it', async () => {
    const { code, out } = await run(env, 'doctor', '--json')
    const { state, checks } = JSON.parse(out)
    expect([code, state]).toEqual([1, 'degraded'])
    expect(checks).toContainEqual({ name: 'city: database', state: 'ok' })
    expect(checks.find((c: { name: string }) => c.name === 'model whisper-base').detail).toContain(
      'npm run models -- pull whisper-base',
    )
  })

  test.each([
    [['user', 'invite', '--role', 'owner']],
    [['user', 'invite', '--uses', '0']],
    [['key', 'make']],
    [['nothing']],
    [['key', 'make', 'x', '--days', '1e3']],
  ])('does not understand %j', async (args) => {
    const { code, out, err } = await run(env, ...args)
    expect([code, out]).toEqual([2, ''])
    expect(err).not.toBe('')
  })
})

describe('with a stopped city', () => {
  test.each([[['user', 'list']], [['user', 'invite']], [['key', 'make', 'x']], [['key', 'list', '--json']]])(
    '%j says so and ends with 3',
    async (args) => {
      const dataDir = join(folder, 'stopped')
      const { code, out, err } = await run({ DATA_DIR: dataDir }, ...args)
      expect([code, out]).toEqual([3, ''])
      expect(err).toBe(`No city is running in ${dataDir}. Start it with: npm start\n`)
    },
  )

  test('migrates up and down, and the doctor looks into the database', async () => {
    const env = { DATA_DIR: join(folder, 'migrated'), MODELS_DIR: join(folder, 'models') }
    const fresh = JSON.parse((await run(env, 'doctor', '--json')).out)
    expect(fresh.checks).toContainEqual({
      name: 'database',
      state: 'ok',
      detail: 'embedded; made at the first start',
    })
    expect((await run(env, 'migrate', 'up')).out).toMatch(/^Applied 001_auth\nApplied 002_events\n/)
    expect((await run(env, 'migrate', 'down')).out).toMatch(/^Undone \d{3}_\w+\n$/)
    const { checks } = JSON.parse((await run(env, 'doctor', '--json')).out)
    expect(checks).toContainEqual({
      name: 'migrations',
      state: 'degraded',
      detail: '1 not applied; the next start applies them',
    })
    expect((await run(env, 'migrate', 'status')).out).toMatch(/001_auth +applied 20.*\n(.*\n)*.*not applied/)
    const { undone } = JSON.parse((await run(env, 'migrate', 'down', '--all', '--json')).out)
    expect(undone.at(-1)).toBe('001_auth')
  }, 120_000)

  test('the doctor names every fault of the configuration', async () => {
    const { code, out } = await run({ PORT: 'x', LLM_URL: 'nowhere' }, 'doctor')
    expect(code).toBe(2)
    expect(out).toMatch(/✗ {2}configuration {2}PORT must be/)
    expect(out).toMatch(/✗ {2}configuration {2}LLM_URL must be/)
    const other = await run({ PORT: 'x' }, 'user', 'list')
    expect([other.code, other.err]).toEqual([1, expect.stringContaining('PORT must be')])
  })

  test('lists the models with what they cost', async () => {
    const { code, out } = await run({ DATA_DIR: folder, MODELS_DIR: join(folder, 'models') }, 'models')
    expect(code).toBe(0)
    expect(out).toMatch(/whisper-base +missing +\d+ MB +MIT/)
  })
})
