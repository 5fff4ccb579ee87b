import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startWikipedia, type WikipediaServer } from '../../../test/kit/wikipedia-server.ts'
import { createSafeFetch } from '../../platform/fetch/fetch.ts'
import { createFakeWebSearch } from './fake.ts'
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
