import { expect, test } from 'vitest'
import type { Clock } from '../kernel/clock.ts'
import { AppError, kernelError } from '../kernel/errors.ts'
import { engineError } from './engine.errors.ts'
import { type Candidate, createCooldown, firstAble } from './fallback.ts'

const engine = (name: string, missing: Error | null = null): Candidate => ({
  name,
  missing: () => Promise.resolve(missing),
})
const lack = (model: string) => engineError('engine.model_missing', { model, size: '1 MB', command: 'pull' })
const [local, remote] = [engine('local'), engine('remote')]
const crashed = engineError('engine.crashed')

/** Asks; `failures` says who fails how. Answers who answered, and who was asked. */
async function ask(
  engines: readonly Candidate[],
  failures: Readonly<Record<string, unknown>> = {},
  options = {},
) {
  const asked: string[] = []
  const answer = await firstAble(
    engines,
    ({ name }) => {
      asked.push(name)
      return failures[name] ? Promise.reject(failures[name]) : Promise.resolve(name)
    },
    options,
  ).catch((error: unknown) => (error instanceof AppError ? error : expect.fail(String(error))))
  return { answer, asked }
}

test('the first engine answers; the next is asked only for a failure of the engine', async () => {
  expect(await ask([local, remote])).toEqual({ answer: 'local', asked: ['local'] })
  expect(await ask([local, remote], { local: crashed })).toEqual({
    answer: 'remote',
    asked: ['local', 'remote'],
  })
  const refused = engineError('engine.refused', { engine: 'x', status: 401 })
  expect((await ask([local, remote], { local: refused })).answer).toBe('remote')
})

test.each([
  engineError('file.unreadable'),
  kernelError('call.cancelled', {}, { retryable: true }),
  kernelError('internal'),
])('$code is nobody else’s to try', async (failure) => {
  expect(await ask([local, remote], { local: failure })).toEqual({ answer: failure, asked: ['local'] })
})

test('one without its model is passed over; if all are, the first says what mends it', async () => {
  const [a, b] = [lack('a'), lack('b')]
  expect(await ask([engine('local', a), remote])).toEqual({ answer: 'remote', asked: ['remote'] })
  expect(await ask([engine('local', a), engine('remote', b)])).toEqual({ answer: a, asked: [] })
  expect(await ask([engine('local', a), remote], { remote: crashed })).toMatchObject({ answer: crashed })
})

test('no engine at all, and all failing', async () => {
  expect((await ask([])).answer).toMatchObject({ code: 'engine.none' })
  const cut = engineError('engine.cut', { engine: 'remote' })
  expect(await ask([local, remote], { local: crashed, remote: cut })).toMatchObject({ answer: crashed })
})

test('a failing engine cools down, longer each time, and is asked last meanwhile', async () => {
  let now = 0
  const clock: Clock = { now: () => now, sleep: () => Promise.resolve() }
  const cooldown = createCooldown(clock)
  await ask([local, remote], { local: crashed }, { cooldown })
  expect((await ask([local, remote], {}, { cooldown })).asked).toEqual(['remote'])
  expect((await ask([local, remote], { remote: crashed }, { cooldown })).asked).toEqual(['remote', 'local'])
  now = 4_999
  expect(cooldown.isCooling('remote')).toBe(true)
  now = 5_000
  expect(cooldown.isCooling('remote')).toBe(false)
  await ask([remote], { remote: crashed }, { cooldown })
  now = 14_999
  expect(cooldown.isCooling('remote')).toBe(true)
  now = 15_000
  expect(cooldown.isCooling('remote')).toBe(false)
  cooldown.worked('remote')
  cooldown.failed('remote')
  now = 20_000
  expect(cooldown.isCooling('remote')).toBe(false)
})

test('a full queue is no reason to cool down', async () => {
  const cooldown = createCooldown({ now: () => 0, sleep: () => Promise.resolve() })
  const busy = engineError('engine.busy', { seconds: 3 })
  expect((await ask([local, remote], { local: busy }, { cooldown })).answer).toBe('remote')
  expect(cooldown.isCooling('local')).toBe(false)
})

test('when the time is over one call tries it, and the others go elsewhere meanwhile', async () => {
  let now = 0
  const clock: Clock = { now: () => now, sleep: () => Promise.resolve() }
  const cooldown = createCooldown(clock)
  expect(cooldown.state('local')).toBe('closed')
  await ask([local, remote], { local: crashed }, { cooldown })
  expect(cooldown.state('local')).toBe('open')
  now = 5_000
  expect(cooldown.state('local')).toBe('half-open')
  let answer = () => {}
  const trial = firstAble(
    [local, remote],
    ({ name }) => new Promise<string>((resolve) => (answer = () => resolve(name))),
    { cooldown },
  )
  const others = await Promise.all([1, 2, 3].map(() => ask([local, remote], {}, { cooldown })))
  expect(others.map(({ answer }) => answer)).toEqual(['remote', 'remote', 'remote'])
  answer()
  expect(await trial).toBe('local')
  expect(cooldown.state('local')).toBe('closed')
  expect((await ask([local, remote], {}, { cooldown })).answer).toBe('local')
})
