import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SEARCH_KEY, type SearchServer, startSearchServer } from '../../../test/kit/search-server.ts'
import { startWikipedia, type WikipediaServer } from '../../../test/kit/wikipedia-server.ts'
import { Secret } from '../../kernel/secret.ts'
import { createSafeFetch, type SafeFetch } from '../../platform/fetch/fetch.ts'
import { createBrave } from './brave.ts'
import { createFakeWebSearch } from './fake.ts'
import { mergedSearch } from './merged.ts'
import { createSearxng } from './searxng.ts'
import { createTavily } from './tavily.ts'
import { webSearchConformance } from './web-search.conformance.ts'
import type { WebSearch } from './web-search.ts'
import { createWikipedia } from './wikipedia.ts'

const hit = (title: string) => ({
  title,
  url: 'https://uk.wikipedia.org/',
  site: 'Вікіпедія',
  text: 'Про те саме.',
})

describe('a scripted web search', () => {
  const fake = createFakeWebSearch({ hits: [hit('Кабель'), hit('Кабельна лінія')] })
  webSearchConformance(() => fake)
})

describe('wikipedia', () => {
  let server: WikipediaServer
  let wikipedia: WebSearch
  beforeAll(async () => {
    server = await startWikipedia()
    wikipedia = createWikipedia({ open: createSafeFetch({ internal: [server.url] }), url: server.url })
  })
  afterAll(async () => await server?.[Symbol.asyncDispose]())
  webSearchConformance(() => wikipedia)

  const failing = async (answer: NonNullable<WikipediaServer['answer']>) => {
    server.answer = answer
    try {
      return await wikipedia.search('кабель', { languages: ['uk'], limit: 3 }).then(
        () => 'found',
        (failure: { code: string; retryable: boolean }) => `${failure.code} ${failure.retryable}`,
      )
    } finally {
      server.answer = null
    }
  }

  test('gives the best first, and asks the next language only where there is nothing', async () => {
    server.asked.length = 0
    const { hits, engine } = await wikipedia.search('кабель', { languages: ['uk', 'en'], limit: 2 })
    expect([engine, ...hits.map(({ title }) => title)]).toEqual(['Вікіпедія', 'Кабель', 'Кабельна лінія'])
    expect(server.asked).toHaveLength(1)
    await wikipedia.search('щучезна', { languages: ['uk', 'en'], limit: 2 })
    expect(server.asked).toHaveLength(3)
  })

  test('says what went wrong, and never makes anything up', async () => {
    expect(await failing((_, to) => void to.writeHead(503).end())).toBe('engine.refused true')
    expect(await failing((_, to) => void to.writeHead(404).end())).toBe('engine.refused false')
    expect(await failing((_, to) => void to.end('{"query":'))).toBe('engine.cut false')
    expect(await failing((_, to) => void to.end('{"error":{"code":"maxlag"}}'))).toBe('engine.refused true')
    expect(await failing((_, to) => void to.destroy())).toBe('engine.unreachable true')
    expect(await failing((_, to) => void to.end('x'.repeat(600_000)))).toBe('engine.unreachable true')
    const dead = createWikipedia({ open: createSafeFetch(), url: server.url })
    const refused = dead.search('кабель', { languages: ['uk'], limit: 1 })
    await expect(refused).rejects.toMatchObject({ code: 'engine.unreachable' })
  })
})

describe.each([
  ['searxng', (server: SearchServer, open: SafeFetch) => createSearxng({ open, url: server.url })],
  [
    'brave',
    (server: SearchServer, open: SafeFetch) =>
      createBrave({ open, url: server.url, key: new Secret(SEARCH_KEY) }),
  ],
  [
    'tavily',
    (server: SearchServer, open: SafeFetch) =>
      createTavily({ open, url: server.url, key: new Secret(SEARCH_KEY) }),
  ],
] as const)('%s', (_name, create) => {
  let server: SearchServer
  let subject: WebSearch
  beforeAll(async () => {
    server = await startSearchServer()
    subject = create(server, createSafeFetch({ internal: [server.url] }))
  })
  afterAll(async () => await server?.[Symbol.asyncDispose]())
  webSearchConformance(() => subject)

  test('gives words, not markup, and only what a browser opens', async () => {
    const { hits } = await subject.search('кабель', { languages: ['uk'], limit: 10 })
    expect(hits).toEqual([
      {
        title: 'Кабель & дріт',
        url: 'https://dovidka.example/kabel?utm_source=x',
        site: 'dovidka.example',
        text: "Що таке кабель'.",
      },
      {
        title: 'Кабель: ціни',
        url: 'https://kramnytsia.example/kabel',
        site: 'kramnytsia.example',
        text: 'Кабель мідний.',
      },
    ])
  })

  test('asks for what is new and fit for children in the engine’s own words', async () => {
    server.asked.length = 0
    await subject.search('кабель', { languages: ['uk'], limit: 3, freshness: 'week', safe: 'strict' })
    expect(server.asked).toHaveLength(1)
    const { parameters } = server.asked[0] ?? { parameters: {} }
    expect(parameters).toMatchObject(
      {
        searxng: { time_range: 'week', safesearch: '2', language: 'uk' },
        brave: { freshness: 'pw', safesearch: 'strict', search_lang: 'uk' },
        tavily: { time_range: 'week', safe_search: true, max_results: 3 },
      }[subject.name] ?? { none: true },
    )
  })

  test('tells a refusal, and when to come again', async () => {
    server.status = 429
    const search = subject.search('кабель', { languages: ['uk'], limit: 3 })
    await expect(search).rejects.toMatchObject({
      code: 'engine.refused',
      retryable: true,
      retryAfterMs: 7_000,
    })
    server.status = null
  })
})

describe('several as one', () => {
  const one = createFakeWebSearch({ name: 'one', hits: [hit('Кабель')] })
  const other = createFakeWebSearch({
    name: 'other',
    hits: [{ ...hit('Кабельна лінія'), url: 'https://other.example/' }],
  })
  webSearchConformance(() => mergedSearch([one, other]))
})
