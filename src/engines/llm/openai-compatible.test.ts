import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { openAiServer, type ScriptedAnswer } from '../../../test/kit/openai-server.ts'
import { type Clock, systemClock } from '../../kernel/clock.ts'
import { deadline } from '../../kernel/deadline.ts'
import { AppError } from '../../kernel/errors.ts'
import { Secret } from '../../kernel/secret.ts'
import { collect, textOf } from './llm.conformance.ts'
import { openAiCompatible } from './openai-compatible.ts'
import { saidByProvider } from './provider-error.ts'

const request = { model: 'scripted', messages: [{ role: 'user', content: 'hi' }], stream: true }

async function make(...answers: ScriptedAnswer[]) {
  const server = await openAiServer({ key: 'sk-planted' })
  server.next(...answers)
  const slept: number[] = []
  const clock: Clock = { ...systemClock, sleep: async (ms) => void slept.push(ms) }
  const engine = (key = 'sk-planted') =>
    openAiCompatible(
      { url: server.url, key: new Secret(key), model: 'scripted', idleMs: 5_000, retryForMs: 3_000 },
      { clock, random: () => 0.5 },
    )
  return { server, slept, engine, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

test('the key and unknown fields reach the provider, our own hints do not', async () => {
  await using set = await make({ extra: { system_fingerprint: 'fp_1' } })
  const chunks = await collect(set.engine(), { ...request, top_k: 3, daarion: { question: 'hi' } })
  const [seen] = set.server.requests
  expect(seen?.authorization).toBe('Bearer sk-planted')
  expect(seen?.body).toMatchObject({ top_k: 3, stream: true })
  expect(seen?.body).not.toHaveProperty('daarion')
  expect(chunks[0]).toMatchObject({ system_fingerprint: 'fp_1' })
})

test('trouble before the first token is tried again, as long as the server asks for', async () => {
  await using set = await make({ status: 500 }, { status: 429, retryAfter: '2' }, { cutAfter: 0 }, {})
  const chunks = await collect(set.engine(), request)
  expect(textOf(chunks)).toBe('hi')
  expect(set.slept).toEqual([300, 2000, 1200])
  expect(set.server.requests).toHaveLength(4)
})

test('a longer wait than allowed is not slept through: the failure says when to come back', async () => {
  await using set = await make({ status: 429, retryAfter: '60' })
  const failure = await collect(set.engine(), request).catch((cause: unknown) => cause)
  expect(failure).toMatchObject({ code: 'engine.refused', retryable: true, retryAfterMs: 60_000 })
  expect(set.server.requests).toHaveLength(1)
})

test.each<[string, ScriptedAnswer, string]>([
  ['cut', { cutAfter: 1 }, 'engine.cut'],
  ['ended without its end', { stopAfter: 1 }, 'engine.cut'],
  ['gone bad', { malformedAfter: 1 }, 'peer.unintelligible'],
  ['failed by the provider', { errorAfter: 1 }, 'engine.refused'],
])('a stream %s rejects and is not tried again', async (_, answer, code) => {
  await using set = await make({ tokens: ['a', 'b'], ...answer })
  await expect(collect(set.engine(), request)).rejects.toMatchObject({ code })
  expect(set.server.requests).toHaveLength(1)
})

test('an answer that is finished is whole without [DONE]', async () => {
  await using set = await make({ tokens: ['a', 'b'], noDone: true })
  expect(textOf(await collect(set.engine(), request))).toBe('ab')
})

test('a refused key fails at once, and shows itself nowhere though the provider repeats it', async () => {
  await using set = await make()
  const failure = await collect(set.engine('sk-wrong'), request).catch((cause: unknown) => cause)
  expect(failure).toBeInstanceOf(AppError)
  expect(failure).toMatchObject({ code: 'engine.refused', retryable: false, params: { status: 401 } })
  expect(set.server.requests).toHaveLength(1)
  if (failure instanceof AppError) expect(saidByProvider(failure)?.message).toMatch(/Incorrect API key/)
  expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain('sk-wrong')
})

test('stopping reaches the provider, by the signal and by leaving early', async () => {
  await using set = await make({ tokens: ['a', 'b'], holdAfter: 1 }, { tokens: ['a', 'b'], holdAfter: 1 })
  const stop = new AbortController()
  const reading = collect(set.engine(), request, stop.signal)
  await expect.poll(() => set.server.requests.length).toBe(1)
  stop.abort()
  await expect(reading).rejects.toThrow(/abort/i)
  expect(await set.server.requests[0]?.left).toBe(true)

  for await (const _ of set.engine().chat(request, { signal: deadline(5_000) })) break
  expect(await set.server.requests[1]?.left).toBe(true)
})

test('an answer in one piece comes as the provider gave it', async () => {
  await using set = await make({ status: 503 }, { tokens: ['a', 'b'], extra: { x_groq: { id: 1 } } })
  const answer = await set.engine().complete?.(request, { signal: deadline(5_000) })
  expect(answer).toMatchObject({ x_groq: { id: 1 }, choices: [{ message: { content: 'ab' } }] })
})

test('a server that is not there is unreachable, and missing', async () => {
  const set = await make()
  await set[Symbol.asyncDispose]()
  await expect(collect(set.engine(), request)).rejects.toMatchObject({ code: 'engine.unreachable' })
  expect(await set.engine().missing()).toMatchObject({ code: 'engine.unreachable' })
})
