import OpenAI, { toFile } from 'openai'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { engineError } from '../../engines/engine.errors.ts'
import type { Ocr } from '../../engines/ocr/ocr.ts'
import type { ParsedPage } from '../../engines/parser/parser.ts'
import type { Transcript } from '../../engines/stt/stt.ts'
import { createFakeVision } from '../../engines/vision/fake.ts'
import { Scope } from '../../kernel/scope.ts'
import type { ParseResult } from './doors.contract.ts'
import {
  type Ground,
  ground,
  HEARD,
  type HouseNeeds,
  LIMITS,
  ocr,
  openHouse,
  PERSON,
  principal,
  READ,
  scripted,
  stt,
  until,
  WAV,
} from './gateway.fixture.ts'
import type { Purse } from './till.ts'

let scope: Scope
let site: Ground
beforeEach(async () => {
  scope = new Scope()
  site = await ground(scope)
})
afterEach(() => scope[Symbol.asyncDispose]())
const house = (needs: HouseNeeds = {}) => openHouse(scope, site, needs)

describe('parts posted in rooms', () => {
  it('are heard and read, each with one outcome, and the same bytes are worked on once', async () => {
    const [hear, read] = [scripted(HEARD), scripted(READ)]
    const { added, outcomes, progress } = await house({ stt: [stt(hear)], ocr: [ocr(read)] })
    await added({ bytes: WAV })
    await until(() => outcomes.length === 1)
    await added({ bytes: WAV, message: 'msg_2' })
    await added({ bytes: Buffer.from('picture'), type: 'image', message: 'msg_3' })
    await until(() => outcomes.length === 3)
    const by = Object.fromEntries(outcomes.map(({ message, outcome }) => [message, outcome]))
    expect(by).toEqual({
      msg_1: { transcript: HEARD },
      msg_2: { transcript: HEARD },
      msg_3: { ocr: { text: READ.text, confidence: READ.confidence, engine: READ.engine } },
    })
    expect([hear.calls.length, read.calls.length]).toEqual([1, 1])
    expect(progress).toContain(50)
  })

  it('are looked at too; a picture that cannot be seen is read all the same', async () => {
    const label = { uk: 'кіт', en: 'cat' }
    const box = { x0: 0, y0: 0, x1: 9, y1: 9 }
    const sight = { text: null, objects: [{ label, confidence: 0.9, box }] }
    let able = true
    const before = () => {
      if (!able) throw engineError('engine.crashed')
    }
    const { added, outcomes } = await house({ vision: [createFakeVision({ sight, before })] })
    await added({ bytes: Buffer.from('picture'), type: 'image' })
    await until(() => outcomes.length === 1)
    able = false
    await added({ bytes: Buffer.from('another'), type: 'image', message: 'msg_2' })
    await until(() => outcomes.length === 2)
    const ocr = { text: READ.text, confidence: READ.confidence, engine: READ.engine }
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([
      { ocr, sight: { text: null, objects: [{ label, confidence: 0.9 }], engine: 'fake/1' } },
      { ocr },
    ])
  })

  it('say at once that a model is missing or a file is bad', async () => {
    const missing = engineError('engine.model_missing', {
      model: 'whisper-base',
      size: '57 MB',
      command: 'npm run models pull',
    })
    const hear = scripted<Transcript>(missing)
    const { added, outcomes } = await house({
      stt: [stt(hear)],
      ocr: [ocr(scripted<typeof READ>(engineError('file.unreadable')))],
    })
    await added({ bytes: WAV, attempt: 2 })
    await added({ bytes: WAV, type: 'image', message: 'msg_2' })
    await until(() => outcomes.length === 2)
    const by = Object.fromEntries(outcomes.map(({ message, outcome }) => [message, outcome]))
    expect(by.msg_1?.error).toMatchObject({ code: 'engine.model_missing', params: { model: 'whisper-base' } })
    expect(by.msg_2?.error).toMatchObject({ kind: 'invalid', code: 'file.unreadable' })
    expect(outcomes.find(({ message }) => message === 'msg_1')?.attempt).toBe(2)
    expect(hear.calls.length).toBe(1)
  })

  it('are tried again when a failure may pass, and fail aloud when it does not', async () => {
    const crash = engineError('engine.crashed')
    const hear = scripted<Transcript>(crash, HEARD)
    const read = scripted<typeof READ>(crash)
    const { added, outcomes } = await house({ stt: [stt(hear)], ocr: [ocr(read)] })
    await added({ bytes: WAV })
    await added({ bytes: WAV, type: 'image', message: 'msg_2' })
    await until(() => outcomes.length === 2)
    const by = Object.fromEntries(outcomes.map(({ message, outcome }) => [message, outcome]))
    expect(by.msg_1).toEqual({ transcript: HEARD })
    expect(by.msg_2?.error?.code).toBe('engine.crashed')
    expect([hear.calls.length, read.calls.length]).toEqual([2, 3])
  })

  it('fail aloud when their bytes are gone', async () => {
    const { added, outcomes } = await house()
    const file = { id: 'file_x', name: 'x.wav', mime: 'audio/wav', sizeBytes: 1, sha256: 'f'.repeat(64) }
    await added({ bytes: WAV, file })
    await until(() => outcomes.length === 1)
    expect(outcomes[0]?.outcome.error?.code).toBe('file.missing')
  })
})

describe('POST /v1/audio/transcriptions', () => {
  const client = (url: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey: 'dk_test', maxRetries: 0 })

  it('is what the official client expects, in every format', async () => {
    const { url, metrics } = await house()
    const { transcriptions } = client(url).audio
    const ask = async () => ({ file: await toFile(WAV, 'a.wav'), model: 'whisper-1' })
    expect((await transcriptions.create(await ask())).text).toBe('Ask not.')
    const verbose = await transcriptions.create({
      ...(await ask()),
      response_format: 'verbose_json',
      language: 'en',
    })
    expect(verbose).toMatchObject({
      text: 'Ask not.',
      language: 'english',
      duration: 1.5,
      segments: [{ id: 0, end: 1.5 }],
    })
    const vtt = await transcriptions.create({ ...(await ask()), response_format: 'vtt' })
    expect(vtt).toBe('WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nAsk not.\n\n')
    expect(await transcriptions.create({ ...(await ask()), response_format: 'srt' })).toContain(
      '00:00:01,500',
    )
    expect(await transcriptions.create({ ...(await ask()), response_format: 'text' })).toBe('Ask not.\n')
    expect(await metrics()).toMatch(/multimodalRequestsTotal\{type="transcript"\} 5/)
    expect(await metrics()).toMatch(/multimodal_latency_seconds_count\{type="transcript"\} 5/)
  })

  it('refuses in the client’s own words', async () => {
    const { url } = await house()
    const { transcriptions } = client(url).audio
    const file = await toFile(WAV, 'a.wav')
    await expect(transcriptions.create({ file, model: 'gpt-9' })).rejects.toMatchObject({
      status: 404,
      code: 'gateway.unknown_model',
    })
    const odd = { file, model: 'whisper-1', response_format: 'odd' as 'json' }
    await expect(transcriptions.create(odd)).rejects.toMatchObject({
      status: 400,
      code: 'gateway.bad_option',
      type: 'invalid_request_error',
      param: 'response_format',
    })
    const text = await toFile(Buffer.from('not a sound'), 'a.wav')
    await expect(transcriptions.create({ file: text, model: 'whisper-1' })).rejects.toMatchObject({
      status: 415,
      code: 'file.unsupported',
    })
    const large = await toFile(Buffer.alloc(LIMITS.maxBytes + 1), 'a.wav')
    await expect(transcriptions.create({ file: large, model: 'whisper-1' })).rejects.toMatchObject({
      status: 413,
      code: 'file.too_large',
    })
    const empty = await fetch(`${url}/v1/audio/transcriptions`, { method: 'POST' })
    expect([empty.status, await empty.json()]).toMatchObject([400, { error: { code: 'gateway.no_file' } }])
    const headers = { 'content-type': 'application/x-thing' }
    const strange = await fetch(`${url}/v1/audio/transcriptions`, { method: 'POST', body: 'x', headers })
    expect([strange.status, await strange.json()]).toMatchObject([
      415,
      { error: { type: 'invalid_request_error' } },
    ])
  })

  it('asks who it is', async () => {
    const { url } = await house({ signedIn: false })
    const request = client(url).audio.transcriptions.create({
      file: await toFile(WAV, 'a.wav'),
      model: 'whisper-1',
    })
    await expect(request).rejects.toMatchObject({ status: 401, code: 'auth.required' })
  })

  it('stops the work when the client goes away, and refuses early when busy', async () => {
    const hang = (signal: AbortSignal) =>
      new Promise<Transcript>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const hear = scripted<Transcript>(hang)
    const { url } = await house({ stt: [stt(hear)] })
    const gone = new AbortController()
    const sound = (n: number) => Buffer.concat([WAV, Buffer.from(`data ${n}`)])
    const post = async (n: number) => {
      const body = new FormData()
      body.append('file', new Blob([sound(n)]), 'a.wav')
      return fetch(`${url}/v1/audio/transcriptions`, { method: 'POST', body, signal: gone.signal })
    }
    // One at work and four that wait; whoever comes next is told when to come back.
    const settled = Array.from({ length: 5 }, (_, n) => post(n).catch((failure: Error) => failure.name))
    await until(() => hear.calls.length === 1)
    let refused: Response | undefined
    for (let n = 5; n < 200 && !refused; n++) {
      const answer = await Promise.race([
        post(n).catch(() => undefined),
        new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 50)),
      ])
      if (answer?.status === 429) refused = answer
    }
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await refused?.json()).toMatchObject({ error: { type: 'rate_limit_error', code: 'engine.busy' } })
    gone.abort()
    expect(await Promise.all(settled)).toEqual(Array(5).fill('AbortError'))
    await until(() => hear.calls.every((signal) => signal.aborted))
  })
})

describe('POST /api/multimodal', () => {
  const post = async (url: string, path: string, bytes: Buffer, name: string) => {
    const body = new FormData()
    body.append('file', new Blob([bytes]), name)
    const response = await fetch(`${url}${path}`, { method: 'POST', body })
    // Each test compares what it expects of the body.
    return { status: response.status, body: (await response.json()) as Partial<ParseResult> }
  }
  const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex')

  it('/ocr gives words with boxes, and takes no sound for a picture', async () => {
    const { url } = await house()
    expect(await post(url, '/api/multimodal/ocr', PNG, 'a.png')).toEqual({ status: 200, body: READ })
    expect(await post(url, '/api/multimodal/ocr', WAV, 'a.png')).toMatchObject({
      status: 415,
      body: { error: { kind: 'unsupported', code: 'file.unsupported' } },
    })
  })

  it('/parse gives pages that add up: read, recognised, empty, failed', async () => {
    const image = new Uint8Array(PNG)
    const pages: ParsedPage[] = [
      { number: 1, state: 'read', text: 'Слова\0 тут' },
      { number: 2, state: 'scan', text: '', image },
      { number: 3, state: 'empty', text: '' },
      { number: 4, state: 'failed', text: '', error: 'PDF: something inside' },
      { number: 5, state: 'scan', text: '', image },
    ]
    const read = scripted(READ, { ...READ, confidence: 0.1 })
    const { url } = await house({ pages, ocr: [ocr(read)] })
    const pdf = Buffer.from('%PDF-1.7\n')
    const answer = await post(url, '/api/multimodal/parse', pdf, 'a.pdf')
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ title: 'A title', mime: 'application/pdf', engine: 'scripted/1' })
    expect(answer.body.pages?.map(({ state, error }) => [state, error])).toEqual([
      ['read', undefined],
      ['ocr', undefined],
      ['empty', undefined],
      ['failed', 'page.failed'],
      ['failed', 'page.illegible'],
    ])
    expect(answer.body.pages?.[1]?.text).toBe('Площа')
  })
})

describe('a paid reader of scans', () => {
  const image = new Uint8Array(Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'))
  const pages: ParsedPage[] = [1, 2, 3].map((number) => ({ number, state: 'scan', text: '', image }))
  const TOKENS = 500
  const paid: Ocr = {
    name: 'seeing',
    paid: ['seeing'],
    missing: async () => null,
    async read(_, options) {
      options?.onUsed?.({ by: 'seeing', unit: 'tokens', amount: TOKENS })
      return READ
    },
  }
  const parse = async (url: string, text: string) => {
    const body = new FormData()
    body.append('file', new Blob([`%PDF-1.7\n${text}`]), 'a.pdf')
    const answer = await fetch(`${url}/api/multimodal/parse`, { method: 'POST', body })
    const result = (await answer.json()) as ParseResult
    return result.pages.map(({ error, state }) => error ?? state)
  }

  it('is counted in tokens, in money, and stops at a budget, page by page', async () => {
    const told: string[] = []
    const purse: Purse = {
      reserve: async ({ model, usd }) => {
        told.push(`${model} ${usd}`)
        return { reservation: `res_${told.length}` }
      },
      settle: async ({ tokensIn, usd }) => {
        told.push(`${tokensIn} ${usd}`)
        return {}
      },
      release: async () => {
        told.push('released')
        return {}
      },
    }
    const boss = { ...PERSON, id: 'person_3', role: 'owner' } as const
    const { url } = await house({
      pages,
      ocr: [paid],
      purse: () => purse,
      prices: { 'ocr.seeing': 1 },
      who: { boss: { ...principal, principal: boss } },
    })
    const budgets = (init: RequestInit = {}) =>
      fetch(`${url}/api/multimodal/budgets`, {
        ...init,
        headers: { authorization: 'Bearer boss', 'content-type': 'application/json' },
      })
    const budget = { kind: 'principal', subject: PERSON.id, unit: 'tokens', period: 'day' }
    const limit = (amount: number) =>
      budgets({ method: 'PUT', body: JSON.stringify({ items: [{ ...budget, amount }] }) })
    const used = async () =>
      ((await (await budgets()).json()) as { items: { used: number }[] }).items[0]?.used
    expect((await limit(100_000)).status).toBe(200)
    expect(await parse(url, 'one')).toEqual(['ocr', 'ocr', 'ocr'])
    expect(await used()).toBe(3 * TOKENS)
    expect(told).toEqual(Array.from({ length: 3 }, () => ['ocr/seeing 4', `${TOKENS} 0.5`]).flat())
    // Before a page is asked for, what it may take is held: one fits, and after it no other.
    await limit(3 * TOKENS + 4_000)
    expect(await parse(url, 'two')).toEqual(['ocr', 'gateway.budget_spent', 'gateway.budget_spent'])
    expect(await used()).toBe(4 * TOKENS)
  })
})

describe('honesty about engines', () => {
  it('names a missing model with the command that mends it', async () => {
    const why = engineError('engine.model_missing', {
      model: 'whisper-base',
      size: '57 MB',
      command: 'npm run models pull',
    })
    const { gateway } = await house({ stt: [stt(scripted(HEARD), why)], ocr: [] })
    const { items } = await gateway.handlers.engines(
      {},
      { ...principal, requestId: 'req_1', signal: new AbortController().signal },
    )
    expect(items).toContainEqual(
      expect.objectContaining({ engine: 'stt', driver: 'scripted', state: 'missing', detail: why.message }),
    )
    const checks = await gateway.checks?.()
    expect(checks).toMatchObject([
      { name: 'stt', state: 'degraded', detail: expect.stringContaining('npm run models pull') },
      { name: 'ocr', state: 'degraded', detail: expect.any(String) },
    ])
  })
})
