import { expect, test } from 'vitest'
import { handClock } from '../../../test/kit/clock.ts'
import { openAiServer } from '../../../test/kit/openai-server.ts'
import { librarian } from '../../engines/llm/librarian.ts'
import type { ChatRequest } from '../../engines/llm/llm.ts'
import { systemClock } from '../../kernel/clock.ts'
import { deadline } from '../../kernel/deadline.ts'
import { createIds } from '../../kernel/ids.ts'
import { readYaml } from '../../platform/yaml-file.ts'
import { type Asker, createAsk } from './ask.ts'
import { cachedAsk } from './cache.ts'
import { createHealth } from './health.ts'
import type { Expense, Ledger, Settlement } from './ledger.ts'
import { createModels } from './models.ts'
import { ModelsFile, NO_MODELS } from './models-file.ts'
import { providersWith } from './providers.ts'
import { redactRequest } from './redact.ts'

const NOBODY = { principal: 'usr_a', key: null, agent: null, community: null, room: null, run: null }
const anybody: Asker = { payer: NOBODY, mayLeave: true }

/** Three scripted providers behind one file, with a clock that sleeps at once and says how long. */
async function scene(file: (urls: readonly string[]) => string, random = () => 0.5) {
  const providers = [await openAiServer(), await openAiServer(), await openAiServer()] as const
  const read = await readYaml(file(providers.map(({ url }) => url)), ModelsFile, NO_MODELS)
  if (!('value' in read)) throw new Error(JSON.stringify(read.faults))
  const slept: number[] = []
  const hand = handClock()
  const clock = {
    ...hand,
    now: hand.now,
    sleep: async (ms: number) => {
      slept.push(ms)
      await hand.advance(ms)
    },
  }
  const shelf = createModels(
    [librarian({ clock, ids: createIds(clock) })],
    providersWith(() => null),
  )
  const models = shelf.read(read.value)
  const spent: { expense: Expense; end: Settlement | 'released' | 'open' }[] = []
  const ledger: Pick<Ledger, 'reserve'> = {
    reserve(expense) {
      const line: (typeof spent)[number] = { expense, end: 'open' }
      spent.push(line)
      return {
        settle: (by) => {
          line.end = by
        },
        release: () => {
          line.end = 'released'
        },
      }
    },
  }
  const make = (over: typeof clock | typeof systemClock) =>
    createAsk({
      models: () => models,
      health: createHealth(over),
      // Only this much of it is asked for.
      ledger: ledger as Ledger,
      clock: over,
      random,
      redact: redactRequest,
    })
  const ask = make(clock)
  return {
    providers,
    slept,
    spent,
    clock,
    ask: async (request: Partial<ChatRequest> = {}, asker = anybody, signal = deadline(20_000)) =>
      await ask(
        { request: { model: 'city', messages: [{ role: 'user', content: 'hi' }], ...request }, bytes: null },
        asker,
        signal,
      ),
    onRealTime: make(systemClock),
    counts: () => providers.map(({ requests }) => requests.length),
    async [Symbol.asyncDispose]() {
      await shelf.close()
      for (const provider of providers) await provider[Symbol.asyncDispose]()
    },
  }
}

const three =
  (use: string, more = '') =>
  (urls: readonly string[]) =>
    `
providers:
  a: { url: ${urls[0]} }
  b: { url: ${urls[1]}, local: false }
  c: { url: ${urls[2]} }
models:
  one: { provider: a, price: { input: 1, output: 2 }, capabilities: [tools], tags: [fast] }
  two: { provider: b, name: two-at-b, context: 100 }
  three: { provider: c, price: { input: 100, output: 100 } }
aliases:
  city:
    use: ${use}
${more}`

test('the next one answers where one fails; what fails is asked last or rests; the answer says who gave it', async () => {
  await using set = await scene(three('[one, two, three]'))
  set.providers[0].always({ status: 500 })
  set.providers[1].always({ status: 401 })
  for (let i = 0; i < 6; i++) expect((await set.ask()).by).toEqual({ model: 'three', provider: 'c' })
  // Five failures in a row, and it is left alone; one that refuses our key is asked only when the others cannot.
  expect(set.counts()).toEqual([5, 1, 6])
  await set.clock.advance(5_000)
  set.providers[0].always({})
  expect((await set.ask()).by.model).toBe('one')
  expect(set.spent.filter(({ end }) => end === 'released')).toHaveLength(6)
  expect(set.providers[1].requests[0]?.body).toMatchObject({ model: 'two-at-b' })
})

test('pauses grow with full jitter, Retry-After is kept to, and nothing is tried past its time', async () => {
  await using set = await scene(three('[one]', '    retry_s: 60'))
  set.providers[0].next({ status: 503 }, { status: 408 }, { status: 429, retryAfter: '7' }, {})
  expect((await set.ask()).by.model).toBe('one')
  expect(set.slept).toEqual([150, 300, 7_000])
  set.providers[0].always({ status: 429, retryAfter: '600' })
  await expect(set.ask()).rejects.toMatchObject({ code: 'engine.refused', retryAfterMs: 600_000 })
  await expect(set.ask()).rejects.toMatchObject({ code: 'llm_proxy.resting' })
  expect(set.counts()).toEqual([5, 0, 0])
})

test('what is wrong with the request itself goes to nobody else', async () => {
  await using set = await scene(three('[one, two]'))
  set.providers[0].always({ status: 400 })
  await expect(set.ask()).rejects.toMatchObject({ code: 'engine.refused', params: { status: 400 } })
  expect(set.counts()).toEqual([1, 0, 0])
})

test('conditions choose: language, community, what a request needs, what fits, tags, price, what may leave', async () => {
  await using set = await scene(
    three(`
      - { model: three, when: { language: uk } }
      - { model: two, when: { community: [dao_x] } }
      - one
      - two`),
  )
  const by = async (request: Partial<ChatRequest>, asker = anybody) =>
    (await set.ask(request, asker)).by.model
  const say = (content: unknown) => ({ messages: [{ role: 'user', content }] })
  expect(await by(say('Скільки?'))).toBe('three')
  expect(await by(say('How much?'))).toBe('one')
  expect(await by({}, { payer: { ...NOBODY, community: 'dao_x' }, mayLeave: true })).toBe('two')
  const picture = say([{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }])
  await expect(by({ ...picture, model: 'one' })).rejects.toMatchObject({ code: 'llm_proxy.none_fits' })
  await expect(by({ ...say('x'.repeat(600)), model: 'two' })).rejects.toMatchObject({
    params: { why: 'context' },
  })
  expect(await by({ daarion: { tags: ['fast'] } })).toBe('one')
  await expect(by({ model: 'three', daarion: { maxUsd: 0.01 } })).rejects.toMatchObject({
    params: { why: 'max_usd' },
  })
  await expect(by({ model: 'two' }, { ...anybody, mayLeave: false })).rejects.toMatchObject({
    code: 'llm_proxy.stays_here',
  })
  await expect(by({ model: 'gpt-0' })).rejects.toMatchObject({ code: 'llm_proxy.model_unknown' })
})

test('weights share by chance, and a session stays where it began', async () => {
  let turn = 0
  const split = '[{ model: one, weight: 3 }, { model: two, weight: 1 }]'
  await using set = await scene(three(split), () => (turn++ % 4) / 4)
  for (let i = 0; i < 8; i++) await set.ask()
  expect(set.counts()).toEqual([6, 2, 0])
  await using sticky = await scene(three(split, '    sticky: true'), () => 0.99)
  const sessions = Array.from({ length: 40 }, (_, i) => `conversation ${i}`)
  for (const session of sessions) {
    const first = (await sticky.ask({ daarion: { session } })).by.model
    expect((await sticky.ask({ daarion: { session } })).by.model).toBe(first)
  }
  const [one = 0, two = 0] = sticky.counts()
  expect(one).toBeGreaterThan(two)
  expect(two).toBeGreaterThan(2)
})

test('a second is asked when the first is slow to begin, the first to begin wins, the other is stopped', async () => {
  await using set = await scene(three('[one, three]', '    hedge_ms: 20'))
  set.providers[0].always({ hang: true })
  const request = { model: 'city', messages: [{ role: 'user', content: 'hi' }] }
  const answer = await set.onRealTime({ request, bytes: null }, anybody, deadline(20_000))
  expect(answer.by.model).toBe('three')
  expect(await set.providers[0].requests[0]?.left).toBe(true)
})

test('a price is held before, and settled by what the provider says or what we count', async () => {
  await using set = await scene(three('[one]'))
  await set.ask({ max_tokens: 50 })
  expect(set.spent[0]).toMatchObject({
    // 5 tokens go in at a dollar a million, 50 may come out at two.
    expense: { nanoUsd: 5_000 + 100_000, tokens: 55, model: 'one' },
    end: { tokensIn: 7, tokensOut: 1, nanoUsd: 9_000, counted: false },
  })
  set.providers[0].next({ tokens: ['abc', 'def', 'ghi'], holdAfter: 2 })
  const stop = new AbortController()
  const answer = await set.ask({ stream: true }, anybody, stop.signal)
  const over = new Promise((resolve) => {
    if (answer.kind === 'stream') answer.read({ frames: () => {}, end: () => resolve('end'), fail: resolve })
  })
  stop.abort()
  expect(await over).toMatchObject({ name: 'AbortError' })
  expect(set.spent[1]?.end).toMatchObject({ tokensIn: 5, counted: true })
})

test('a provider elsewhere is not shown secrets, one of ours is; an answer is given again where that will do', async () => {
  await using set = await scene(three('[one]'))
  const secret = ['sk-', '0123456789abcdefABCDEF'].join('')
  const messages = [{ role: 'user', content: `my key is ${secret}` }]
  await set.ask({ model: 'two', messages })
  await set.ask({ model: 'one', messages })
  expect(JSON.stringify(set.providers[1].requests[0]?.body)).not.toContain(secret)
  expect(JSON.stringify(set.providers[0].requests[0]?.body)).toContain(secret)

  const ask = cachedAsk(
    (asked, asker) => set.ask(asked.request, asker),
    () => 60_000,
    set.clock,
  )
  const request = { model: 'three', messages: [{ role: 'user', content: 'hi' }] }
  const give = async (asker = anybody, cache = true) =>
    await ask({ request: { ...request, daarion: { cache } }, bytes: null }, asker, deadline(20_000))
  await give()
  await give()
  expect(set.counts()[2]).toBe(1)
  await give(anybody, false)
  await give({ ...anybody, payer: { ...NOBODY, principal: 'usr_b' } })
  await set.clock.advance(60_000)
  await give()
  expect(set.counts()[2]).toBe(4)
})

test('a wrong file is refused with what would be right', async () => {
  const faults = async (text: string) => {
    const read = await readYaml(text, ModelsFile, NO_MODELS)
    return 'faults' in read ? read.faults : []
  }
  expect(await faults('models:\n  m:\n    provider: nobody\n')).toMatchObject([
    { line: 3, what: expect.stringContaining('there is no provider nobody') },
  ])
  expect(await faults('providers:\n  a:\n    url: http://x/v1\n    key: CITY_SECRET\n')).toMatchObject([
    { line: 4, what: expect.stringContaining('_KEY') },
  ])
  expect(await faults('aliases:\n  city:\n    use: [gpt]\n')).toMatchObject([{ line: 3 }])
  expect(await faults('providers:\n  a: { url: http://x/v1, retries: 3 }\n')).toMatchObject([
    { what: expect.stringContaining('retries') },
  ])
})

test('the example that is shipped is right', async () => {
  const { readFile } = await import('node:fs/promises')
  const text = await readFile(new URL('../../../config/models.example.yaml', import.meta.url), 'utf8')
  const read = await readYaml(text, ModelsFile, NO_MODELS)
  expect('faults' in read ? read.faults : []).toEqual([])
})
