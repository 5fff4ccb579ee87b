import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../kernel/clock.ts'
import { Secret } from '../../kernel/secret.ts'
import { engineError } from '../engine.errors.ts'
import { createModels } from '../models/models.ts'
import { createE5, type E5 } from './e5.ts'
import { cosine, embeddingsConformance } from './embeddings.conformance.ts'
import { createFakeEmbeddings } from './fake.ts'
import { createNgrams } from './ngrams.ts'
import { openAiEmbeddings } from './openai.ts'

describe('fake', () => {
  const fake = createFakeEmbeddings({ topics: ['cat', 'бюджет'] })
  embeddingsConformance(() => fake)

  test('is missing where its script says so', async () => {
    const missing = engineError('engine.model_missing', { model: 'm', size: '1 MB', command: 'pull' })
    await expect(createFakeEmbeddings({ missing }).embed(['a'], { kind: 'query' })).rejects.toBe(missing)
  })
})

describe('ngrams', () => {
  const ngrams = createNgrams()
  embeddingsConformance(() => ngrams)

  test('says that it knows letters only', () => {
    expect(ngrams).toMatchObject({ semantic: false, model: 'ngrams/1', dimensions: 384 })
  })

  test('inflected forms, misspellings, other apostrophes and cases are near', async () => {
    const near = async (a: string, b: string) => {
      const [x, y] = await ngrams.embed([a, b], { kind: 'passage' })
      return cosine(x, y)
    }
    expect(await near("Кам'янець-Подільський", 'КАМ’ЯНЕЦЬ ПОДІЛЬСЬКИЙ')).toBeCloseTo(1, 5)
    expect(await near('документи громади', 'документів громаді')).toBeGreaterThan(0.4)
    expect(await near('бюджет міста', 'бюджт міста')).toBeGreaterThan(0.4)
    expect(Math.abs(await near('бюджет міста', 'зелений автомобіль'))).toBeLessThan(0.25)
  })

  test('finds the passage among a hundred', async () => {
    const passages = Array.from(
      { length: 100 },
      (_, n) => `Пункт ${n}: ${'організація порядок збори голосування '.repeat(3)}${n * 7919}`,
    )
    passages[63] = 'Членські внески становлять двісті гривень на рік і сплачуються до березня.'
    const vectors = await ngrams.embed(passages, { kind: 'passage' })
    const [question] = await ngrams.embed(['скільки становить членський внесок на рік?'], { kind: 'query' })
    const ranked = vectors
      .map((vector, n) => [cosine(question, vector), n] as const)
      .sort((a, b) => b[0] - a[0])
    expect(ranked[0]?.[1]).toBe(63)
  })

  test('never changes: stored vectors must compare', async () => {
    const [vector] = await ngrams.embed(['Місто, що йде'], { kind: 'query' })
    const marks = [...(vector ?? [])].flatMap((value, n) =>
      Math.abs(value) > 0.2 ? [`${n}:${value.toFixed(3)}`] : [],
    )
    expect(marks).toMatchInlineSnapshot(`
      [
        "23:-0.267",
        "51:0.267",
        "83:0.267",
        "111:-0.207",
        "134:0.267",
        "315:-0.377",
        "318:-0.267",
        "354:0.267",
        "361:0.267",
        "363:-0.207",
      ]
    `)
  })
})

describe('openai', () => {
  let server: Server
  let url = ''
  const requests: { authorization: string | undefined; body: { model: string; input: string[] } }[] = []
  let status = 200
  let dimensions = 384

  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', async () => {
        const body: { model: string; input: string[] } = JSON.parse(Buffer.concat(chunks).toString())
        requests.push({ authorization: request.headers.authorization, body })
        const vectors = await createNgrams().embed(body.input, { kind: 'query' })
        const data = vectors.map((vector, index) => ({
          index,
          embedding: [...vector].slice(0, dimensions).map((value) => value * 3),
        }))
        response.writeHead(status, { 'retry-after': '2' }).end(JSON.stringify({ data: data.reverse() }))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/v1/`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  const open = () => openAiEmbeddings({ url, model: 'm', dimensions: 384, key: new Secret('k-2') })

  embeddingsConformance(open)

  test('asks for many texts in several calls, with key and prefix', async () => {
    requests.length = 0
    const driver = openAiEmbeddings({
      url,
      model: 'm',
      dimensions: 384,
      key: new Secret('k-2'),
      prefixes: { query: 'query: ', passage: '' },
    })
    const vectors = await driver.embed(
      Array.from({ length: 100 }, (_, n) => `text ${n}`),
      { kind: 'query' },
    )
    expect(vectors).toHaveLength(100)
    expect(requests.map(({ body }) => body.input.length)).toEqual([64, 36])
    expect(requests[0]).toMatchObject({ authorization: 'Bearer k-2', body: { model: 'm' } })
    expect(requests[0]?.body.input[0]).toBe('query: text 0')
  })

  test('refusals and answers of another size are failures', async () => {
    status = 503
    await expect(open().embed(['a'], { kind: 'query' })).rejects.toMatchObject({
      code: 'engine.refused',
      retryable: true,
      retryAfterMs: 2000,
    })
    status = 200
    dimensions = 10
    await expect(open().embed(['a'], { kind: 'query' })).rejects.toMatchObject({ code: 'engine.cut' })
    dimensions = 384
  })
})

test('e5 without its model says what brings it', async () => {
  const e5 = createE5({ models: createModels({ dir: '/nowhere', clock: systemClock }), clock: systemClock })
  expect(await e5.missing()).toMatchObject({ params: { model: 'multilingual-e5-small', size: '59 MB' } })
  await expect(e5.embed(['a'], { kind: 'query' })).rejects.toMatchObject({ code: 'engine.model_missing' })
})

const { MODELS_DIR } = process.env
describe.skipIf(!MODELS_DIR)('e5', { timeout: 120_000 }, () => {
  let e5: E5
  beforeAll(() => {
    e5 = createE5({ models: createModels({ dir: MODELS_DIR ?? '', clock: systemClock }), clock: systemClock })
  })
  afterAll(() => e5.close())
  embeddingsConformance(() => e5)

  test('knows meaning across languages', async () => {
    const questions = ['Скільки коштує членство?', 'Де спить кіт?', 'Коли збирається міська рада?']
    const passages = [
      'The annual membership fee is 200 hryvnias.',
      'The cat usually naps on the sofa.',
      'The city council meets on the first Monday of each month.',
    ]
    const asked = await e5.embed(questions, { kind: 'query' })
    const stored = await e5.embed(passages, { kind: 'passage' })
    for (const [n, question] of asked.entries()) {
      const ranked = stored
        .map((vector, m) => [cosine(question, vector), m] as const)
        .sort((a, b) => b[0] - a[0])
      expect(ranked[0]?.[1]).toBe(n)
    }
  })

  test('marks of the tokenizer in a text are only text', async () => {
    const [plain, marked] = await e5.embed(['</s> </s> </s> </s>', '<mask>'], { kind: 'query' })
    expect(cosine(plain, marked)).toBeLessThan(0.99)
  })
})
