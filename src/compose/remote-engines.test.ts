import { afterAll, beforeAll, expect, test } from 'vitest'
import { engineError } from '../engines/engine.errors.ts'
import { createFakeReader } from '../engines/reader/fake.ts'
import { createFakeRerank } from '../engines/rerank/fake.ts'
import { createFakeTts } from '../engines/tts/fake.ts'
import { createFakeVision } from '../engines/vision/fake.ts'
import { createFakeWebSearch } from '../engines/web-search/fake.ts'
import { systemClock } from '../kernel/clock.ts'
import { Scope } from '../kernel/scope.ts'
import {
  ground,
  HEARD,
  type House,
  ocr,
  openHouse,
  READ,
  scripted,
  stt,
  WAV,
} from '../services/multimodal-gateway/gateway.fixture.ts'
import { remoteEngines } from './remote-engines.ts'

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex')
const scope = new Scope()
const asked: unknown[] = []
let house: House
let needs: Parameters<typeof remoteEngines.stt>[0]
let at = ''

beforeAll(async () => {
  const words = [{ word: 'Ask', start: 0, end: 1.5 }]
  const hear = scripted({
    ...HEARD,
    segments: [{ start: 0, end: 1.5, text: 'Ask not.', speaker: 'A', words }],
  })
  house = await openHouse(scope, await ground(scope), {
    stt: [
      {
        ...stt(hear),
        transcribe(_audio, options) {
          asked.push([options?.task, options?.language, options?.words, options?.prompt])
          return hear.answer(options?.signal)
        },
      },
    ],
    ocr: [ocr(scripted<typeof READ>(READ, engineError('file.bomb')))],
    tts: [createFakeTts()],
    vision: [createFakeVision({ sight: { tags: [{ label: 'cat', confidence: 0.9 }] } })],
    search: [
      createFakeWebSearch({
        hits: [{ title: 'Львів', url: 'https://a.test/', site: 'a.test', text: 'місто' }],
      }),
    ],
    reader: [createFakeReader({ pages: { 'https://a.test/': { title: 'А', markdown: '# А' } } })],
    rerank: [createFakeRerank()],
  })
  needs = { url: house.url, clock: systemClock, authorize: async () => ({ authorization: 'Service x' }) }
  at = new URL(house.url).host
}, 60_000)
afterAll(() => scope[Symbol.asyncDispose]())

test('what another node hears comes whole: words, voices, times, and who heard it', async () => {
  const partials: string[] = []
  const remote = remoteEngines.stt(needs)
  expect([remote.name, await remote.missing()]).toEqual([`peer ${at}`, null])
  const heard = await remote.transcribe(
    { bytes: WAV, mime: 'audio/wav' },
    { language: 'en', words: true, prompt: 'JFK', onPartial: ({ text }) => partials.push(text) },
  )
  expect(heard).toEqual({
    ...HEARD,
    engine: `${at}/scripted/1`,
    segments: [
      { start: 0, end: 1.5, text: 'Ask not.', speaker: 'A', words: [{ word: 'Ask', start: 0, end: 1.5 }] },
    ],
  })
  expect(partials).toEqual(['Ask not.'])
  await remote.transcribe({ bytes: WAV, mime: 'audio/wav' }, { task: 'translate' })
  expect(asked).toEqual([
    ['transcribe', 'en', true, 'JFK'],
    ['translate', undefined, undefined, undefined],
  ])
})

test('so does what it says, sees, finds, reads and ranks', async () => {
  const speech = await remoteEngines.tts(needs).speak('Добрий день.', { format: 'mp3' })
  expect(speech).toMatchObject({ mime: 'audio/wav', format: 'wav', quality: 'robotic', language: 'uk' })
  expect(Buffer.from(speech.bytes).subarray(0, 4).toString()).toBe('RIFF')
  const image = { bytes: PNG, mime: 'image/png' }
  expect(await remoteEngines.ocr(needs).read(image, { languages: ['uk'] })).toEqual({
    ...READ,
    engine: `${at}/scripted/1`,
  })
  const seen = await remoteEngines.vision(needs).describe(image, { question: 'Хто це?' })
  expect(seen).toMatchObject({ text: null, tags: [{ label: 'cat' }], engine: `${at}/fake/1` })
  const found = await remoteEngines.search(needs).search('Львів', { languages: ['uk'], limit: 3 })
  expect(found.hits).toEqual([{ title: 'Львів', url: 'https://a.test/', site: 'a.test', text: 'місто' }])
  expect(await remoteEngines.reader(needs).read('https://a.test/')).toMatchObject({
    title: 'А',
    markdown: '# А',
  })
  const ranked = await remoteEngines.rerank(needs).rerank('вода', ['хліб', 'вода у місті'], { limit: 1 })
  expect(ranked.map(({ index }) => index)).toEqual([1])
})

test('a file’s own fault stays that; what is the node’s is another driver’s turn', async () => {
  const image = { bytes: Buffer.concat([PNG, Buffer.from('2')]), mime: 'image/png' }
  const bomb = remoteEngines.ocr(needs).read(image)
  await expect(bomb).rejects.toMatchObject({ code: 'file.bomb', retryable: false })
  const page = remoteEngines.reader(needs).read('https://b.test/')
  await expect(page).rejects.toMatchObject({ code: 'engine.refused', retryable: true })
})
