import { expect, test } from 'vitest'
import { engineError } from '../engine.errors.ts'
import { createFakeWebSearch } from './fake.ts'
import { mergedSearch } from './merged.ts'

const page = (title: string, url: string, text = '') => ({ title, url, site: new URL(url).host, text })
const options = { languages: ['uk'], limit: 10 } as const

test('what two engines name stands once, before what one names; each site comes once before it comes again', async () => {
  const first = createFakeWebSearch({
    name: 'first',
    hits: [
      page('кабель 1', 'https://one.example/1'),
      page('кабель 2', 'https://one.example/2'),
      page('кабель 3', 'https://two.example/both/?utm_source=first'),
    ],
  })
  const second = createFakeWebSearch({
    name: 'second',
    hits: [
      page('кабель 4', 'http://www.two.example/both', 'докладно'),
      page('кабель 5', 'https://three.example/'),
    ],
  })
  const { engine, hits } = await mergedSearch([first, second]).search('кабель', options)
  expect(engine).toBe('first, second')
  expect(hits.map(({ url }) => url)).toEqual([
    'http://www.two.example/both',
    'https://one.example/1',
    'https://three.example/',
    'https://one.example/2',
  ])
})

test('one that fails is left out, and where all fail the first says why', async () => {
  const works = createFakeWebSearch({ name: 'works', hits: [page('кабель', 'https://one.example/')] })
  const fails = createFakeWebSearch({
    name: 'fails',
    before: () => {
      throw engineError('engine.refused', { engine: 'fails', status: 429 }, { retryable: true })
    },
  })
  const { engine, hits } = await mergedSearch([fails, works]).search('кабель', options)
  expect([engine, hits.length]).toEqual(['works', 1])
  await expect(mergedSearch([fails, fails]).search('кабель', options)).rejects.toMatchObject({
    code: 'engine.refused',
    retryable: true,
  })
})

test('it is missing where each of them is', async () => {
  const lack = engineError('engine.none')
  const gone = createFakeWebSearch({ missing: lack })
  expect(await mergedSearch([gone, createFakeWebSearch()]).missing()).toBeNull()
  expect(await mergedSearch([gone, gone]).missing()).toBe(lack)
})
