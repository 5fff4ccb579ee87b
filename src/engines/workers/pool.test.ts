import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import type { TroublesomeChild } from '../../../test/kit/troublesome.child.ts'
import { type Clock, systemClock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { engineError } from '../engine.errors.ts'
import { createPool, type Pool, type PoolOptions } from './pool.ts'

const MB = 1 << 20
const entry = new URL('../../../test/kit/troublesome.child.ts', pathToFileURL(import.meta.filename))
const LONG = { deadlineMs: 30_000 }

const pools: Pool<TroublesomeChild>[] = []
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()))
})

function open(options: Partial<PoolOptions> = {}): Pool<TroublesomeChild> {
  const pool = createPool<TroublesomeChild>({
    name: 'troublesome',
    entry,
    size: 1,
    memoryLimitBytes: 400 * MB,
    maxQueue: 10,
    clock: systemClock,
    ...options,
  })
  pools.push(pool)
  return pool
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function until(condition: () => boolean, withinMs = 10_000): Promise<number> {
  const startedAt = Date.now()
  while (!condition()) {
    if (Date.now() - startedAt > withinMs) throw new Error(`not so within ${withinMs} ms: ${condition}`)
    await systemClock.sleep(5)
  }
  return Date.now() - startedAt
}

const failure = (promise: Promise<unknown>): Promise<AppError> =>
  promise.then(
    (value) => expect.fail(`should have failed, answered ${JSON.stringify(value)}`),
    (error: unknown) => (error instanceof AppError ? error : expect.fail(`no AppError: ${error}`)),
  )

const codeOf = async (promise: Promise<unknown>): Promise<string> => (await failure(promise)).code

test('starts nothing before the first job, answers, keeps its child', async () => {
  const pool = open()
  expect(pool.state().children).toEqual([])
  const payload = { text: 'слово', bytes: Buffer.from([1, 2, 3]), map: new Map([[1, 'a']]) }
  expect(await pool.run('echo', payload, LONG)).toMatchObject({ text: 'слово', map: new Map([[1, 'a']]) })
  const pid = await pool.run('pid', undefined, LONG)
  expect(pool.state()).toMatchObject({ done: 2, children: [{ pid, busy: false, jobs: 2 }] })
})

test('hands over bytes in slices', async () => {
  const bytes = new Uint8Array(5 * MB + 7).fill(3)
  expect(await open().run('length', null, { ...LONG, bytes })).toBe(5 * MB + 7)
})

test('tells the child nothing of our environment', async () => {
  const names = await open().run('environment', undefined, LONG)
  expect(
    names.filter((name) => !/^(PATH|TMPDIR|LANG|NODE_CHANNEL_.*|PWD|OLDPWD|SHLVL|_)$/.test(name)),
  ).toEqual([])
})

test('carries errors with kind, code and parameters; a bug comes as one, with its trace', async () => {
  const pool = open()
  const refused = await failure(pool.run('refuse', undefined, LONG))
  const told = engineError('file.too_long', { minutes: 61, limit: 60 })
  expect(refused).toMatchObject({ ...told, message: told.message })
  const bug = await failure(pool.run('bug', undefined, LONG))
  expect(bug.code).toBe('internal')
  expect(String(bug.cause)).toContain('a bug in the child')
  expect(pool.state()).toMatchObject({ crashed: 0, children: [{ jobs: 2 }] })
})

test('tries the job of a dead child once more', async () => {
  const pool = open()
  const firstPid = await pool.run('pid', undefined, LONG)
  const second = await pool.run('crashOnce', { firstPid }, { ...LONG, key: 'a' })
  expect(second).not.toBe(firstPid)
  expect(pool.state()).toMatchObject({ crashed: 1, quarantined: 0 })
})

test('gives up after two dead children, and never tries that key again', async () => {
  const pool = open()
  expect(await codeOf(pool.run('crash', undefined, { ...LONG, key: 'bad' }))).toBe('engine.crashed')
  expect(await codeOf(pool.run('echo', 1, { ...LONG, key: 'bad' }))).toBe('engine.quarantined')
  expect(await pool.run('echo', 1, { ...LONG, key: 'good' })).toBe(1)
  expect(pool.state()).toMatchObject({ crashed: 2, quarantined: 1 })
})

test('ends a child that outlasts its deadline', async () => {
  const pool = open()
  await pool.run('echo', 1, LONG)
  const startedAt = Date.now()
  expect(await codeOf(pool.run('hang', undefined, { deadlineMs: 300, key: 'slow' }))).toBe('call.timeout')
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(600)
  expect(await codeOf(pool.run('echo', 1, { ...LONG, key: 'slow' }))).toBe('engine.quarantined')
  expect(await pool.run('echo', 2, LONG)).toBe(2)
})

test.skipIf(process.platform !== 'linux').each(['hogBuffers', 'hogWasm', 'hogHeap'] as const)(
  'a child cannot take more memory than it has: %s',
  async (method) => {
    const pool = open({ memoryLimitBytes: 200 * MB })
    expect(await codeOf(pool.run(method, undefined, { deadlineMs: 60_000, key: method }))).toBe(
      'engine.crashed',
    )
    expect(await pool.run('echo', 1, LONG)).toBe(1)
  },
  60_000,
)

test('aborting answers at once and ends a child that hangs, without blame', async () => {
  const pool = open()
  const pid = await pool.run('pid', undefined, LONG)
  const abort = new AbortController()
  const job = codeOf(pool.run('hang', undefined, { ...LONG, signal: abort.signal, key: 'k' }))
  await until(() => pool.state().children[0]?.busy === true)
  abort.abort()
  expect(await job).toBe('call.cancelled')
  // Whoever called is not kept until the child is gone; it counts as one of the pool's until then.
  expect(pool.state().children.map((child) => child.pid)).toEqual([pid])
  await until(() => !isAlive(pid))
  expect(await pool.run('echo', 1, { ...LONG, key: 'k' })).toBe(1)
  expect(pool.state().crashed).toBe(0)
})

test('aborting takes a waiting job out of the queue; a full queue refuses and says when to come back', async () => {
  const pool = open({ maxQueue: 1 })
  const abort = new AbortController()
  const stop = new AbortController()
  const running = codeOf(pool.run('wait', undefined, { ...LONG, signal: stop.signal }))
  const waiting = codeOf(pool.run('echo', 1, { ...LONG, signal: abort.signal }))
  await until(() => pool.state().queued === 1)
  const busy = await failure(pool.run('echo', 1, LONG))
  expect(busy).toMatchObject({ code: 'engine.busy', retryable: true })
  expect(busy.retryAfterMs).toBeGreaterThanOrEqual(1000)
  abort.abort()
  expect(await waiting).toBe('call.cancelled')
  expect(pool.state().queued).toBe(0)
  const next = pool.run('echo', 2, LONG)
  stop.abort()
  expect(await running).toBe('call.cancelled')
  expect(await next).toBe(2)
})

test('a slow reader of messages is waited for, outside the deadline', async () => {
  const pool = open()
  await pool.run('echo', 1, LONG)
  const seen: number[] = []
  const most = await pool.run('count', 4, {
    deadlineMs: 400,
    onMessage: async (n) => {
      await systemClock.sleep(150)
      seen.push(n)
    },
  })
  expect(most).toBe(1)
  expect(seen).toEqual([1, 2, 3, 4])
})

test('a reader that refuses a message ends the job with its error', async () => {
  const pool = open()
  const refusal = engineError('file.too_many_pages', { pages: 501, limit: 500 })
  const job = pool.run('count', 4, { ...LONG, onMessage: () => Promise.reject(refusal) })
  expect(await failure(job)).toBe(refusal)
  expect(await pool.run('echo', 1, LONG)).toBe(1)
  expect(pool.state().crashed).toBe(0)
})

test('runs as many children as it may, and ends them when they idle', async () => {
  let wake: () => void = () => {}
  const idleClock: Clock = {
    now: () => systemClock.now(),
    sleep: (ms, signal) =>
      ms === 77 ? new Promise<void>((resolve) => (wake = resolve)) : systemClock.sleep(ms, signal),
  }
  const pool = open({ size: 2, idleMs: 77, clock: idleClock })
  const pids = await Promise.all([pool.run('pid', undefined, LONG), pool.run('pid', undefined, LONG)])
  expect(new Set(pids).size).toBe(2)
  wake()
  await until(() => pool.state().children.length === 1)
})

test('closing ends the children and what they do, retryably', async () => {
  const pool = open()
  const pid = await pool.run('pid', undefined, LONG)
  const running = failure(pool.run('hang', undefined, LONG))
  await until(() => pool.state().children[0]?.busy === true)
  const waiting = failure(pool.run('echo', 1, LONG))
  await pool.close()
  expect(await running).toMatchObject({ code: 'call.cancelled', retryable: true })
  expect(await waiting).toMatchObject({ code: 'call.cancelled', retryable: true })
  expect(isAlive(pid)).toBe(false)
})

test.skipIf(process.platform !== 'linux')(
  'a stuck child does not outlive a parent that is killed',
  async () => {
    const owner = spawn(
      process.execPath,
      ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href, OWNER],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    )
    const pid = await new Promise<number>((resolve) =>
      owner.stdout.once('data', (line) => resolve(Number(line))),
    )
    expect(isAlive(pid)).toBe(true)
    owner.kill('SIGKILL')
    await until(() => !isAlive(pid))
  },
)

const OWNER = fileURLToPath(new URL('../../../test/kit/pool.owner.ts', import.meta.url))

test('long work may go on while it says how far it is, and is ended when it falls silent', async () => {
  const pool = open()
  await pool.run('echo', 1, LONG)
  expect(await pool.run('tick', { times: 5, everyMs: 200 }, { ...LONG, silenceMs: 600 })).toBe(5)
  expect(await codeOf(pool.run('tick', { times: 2, everyMs: 5000 }, { ...LONG, silenceMs: 600 }))).toBe(
    'call.timeout',
  )
})
