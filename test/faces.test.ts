import { createHash } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { type Answer, type Asked, ask, form, refusal } from './kit/ask.ts'
import { OWNER, type RunningCity, startCity, temporaryFolder } from './kit/city.ts'
import { until } from './kit/resident.ts'

// What the issue promises other programs, asked for exactly as it is written there, with nothing of ours in between.

const { FIXTURES_DIR = '', MODELS_DIR = '' } = process.env
const folder = temporaryFolder()
let city: RunningCity
let cookie = ''
let key = ''

beforeAll(async () => {
  city = await startCity({ DATA_DIR: join(folder.path, 'data'), ...(MODELS_DIR && { MODELS_DIR }) })
}, 90_000)
afterAll(async () => {
  await city?.stop()
  folder[Symbol.dispose]()
}, 30_000)

type Line = Parameters<typeof ask>[1]
/** As the owner's program. */
const by = (line: Line, asked: Asked = {}) => ask(city.url, line, { key, ...asked })
const ok = (answer: Answer, status = 200) => {
  expect(answer.status, answer.text).toBe(status)
  return answer.body
}

describe('coming in', () => {
  test('POST /api/auth/welcome with the printed token makes the owner, once', async () => {
    const welcome = (token: string) => ask(city.url, 'POST /api/auth/welcome', { json: { token, ...OWNER } })
    expect(city.output()).toMatch(/\/welcome#\S+/)
    expect(refusal(await welcome('wrong'))).toBe('auth.welcome_refused')
    const made = await welcome(city.welcome ?? '')
    expect(ok(made, 201)).toMatchObject({
      email: OWNER.email,
      name: OWNER.name,
      role: 'owner',
      kind: 'person',
    })
    expect(refusal(await welcome(city.welcome ?? ''))).toBe('auth.welcome_used')
  })

  test('POST /api/auth/sign-in/email sets a cookie that scripts cannot read', async () => {
    const { email, password } = OWNER
    const signedIn = await ask(city.url, 'POST /api/auth/sign-in/email', { json: { email, password } })
    ok(signedIn)
    expect(signedIn.headers.get('set-cookie')).toMatch(/HttpOnly.*SameSite=Lax/)
    cookie = signedIn.cookie
    expect(ok(await ask(city.url, 'GET /api/auth/me', { cookie }))).toMatchObject({ email })
    const wrong = { email, password: 'not the password' }
    const refused = await ask(city.url, 'POST /api/auth/sign-in/email', { json: wrong })
    expect([refused.status, refusal(refused)]).toEqual([401, 'auth.bad_credentials'])
  })

  test('POST /api/auth/invitations answers with {id, code, link}; POST /api/auth/sign-up takes the code', async () => {
    const expiresAt = new Date(Date.now() + 3600_000).toISOString()
    const wish = { role: 'resident', uses: 2, expiresAt }
    const made = ok(await ask(city.url, 'POST /api/auth/invitations', { cookie, json: wish }), 201)
    expect(made).toMatchObject({ id: expect.any(String), code: expect.any(String), maxUses: 2, expiresAt })
    expect(made.link).toMatch(new RegExp(`^http.*#${made.code}$`))
    const person = { email: 'face@city.test', password: 'a long enough password', name: 'Face' }
    const come = (code?: string) => ask(city.url, 'POST /api/auth/sign-up', { json: { ...person, code } })
    expect(refusal(await come('wrong'))).toBe('auth.invitation_refused')
    expect(refusal(await come())).toBe('auth.sign_up_closed')
    const joined = await come(made.code)
    expect(ok(joined, 201)).toMatchObject({ name: 'Face', role: 'resident' })
    expect(joined.cookie).not.toBe('')
    const sessions = ok(await ask(city.url, 'GET /api/auth/sessions', { cookie: joined.cookie }))
    expect(sessions.items).toMatchObject([{ id: expect.any(String), current: true }])
    expect(ok(await ask(city.url, 'DELETE /api/auth/sessions', { cookie: joined.cookie }))).toEqual({
      ended: 1,
    })
    expect(refusal(await ask(city.url, 'GET /api/auth/me', { cookie: joined.cookie }))).toBe(
      'auth.bad_credential',
    )
  })

  test('POST /api/auth/keys answers with {id, key}; the key opens everything but credentials', async () => {
    const made = ok(await ask(city.url, 'POST /api/auth/keys', { cookie, json: { name: 'a program' } }), 201)
    expect(made).toMatchObject({ id: expect.stringMatching(/^\w+$/), key: expect.stringMatching(/^dk_\w+/) })
    key = made.key
    expect(refusal(await by('GET /api/auth/keys'))).toBe('auth.out_of_scope')
    for (const line of [
      'GET /api/auth/me',
      'GET /api/city/rooms',
      'GET /api/agents',
      'GET /v1/models',
    ] as const)
      ok(await by(line))
  })
})

describe('rooms', () => {
  test('square and the own room stand there', async () => {
    const rooms = await until(
      async () => ok(await by('GET /api/city/rooms')).items as Record<string, unknown>[],
      (items) => items.length >= 2,
      'the own room',
    )
    expect(rooms).toContainEqual(
      expect.objectContaining({
        slug: 'square',
        name: 'Площа',
        visibility: 'public',
        replyPolicy: { mode: 'mentioned', agents: ['daarwizz'] },
      }),
    )
    expect(rooms).toContainEqual(
      expect.objectContaining({ visibility: 'direct', replyPolicy: { mode: 'all', agents: ['daarwizz'] } }),
    )
  })

  test('POST /api/city/rooms; found by id and by slug', async () => {
    const wish = {
      name: 'Вода',
      slug: 'voda',
      visibility: 'public',
      replyPolicy: { mode: 'all', agents: ['daarwizz'] },
    }
    const room = ok(await by('POST /api/city/rooms', { json: wish }), 201)
    expect(room).toMatchObject({ id: expect.stringMatching(/^room_/), ...wish })
    for (const ref of [room.id, 'voda']) {
      const found = ok(await by(`GET /api/city/rooms/${ref}`))
      expect(found).toMatchObject({ id: room.id, slug: 'voda', replyPolicy: wish.replyPolicy })
      ok(await by(`GET /api/city/rooms/${ref}/messages`))
    }
    const minimal = ok(
      await by('POST /api/city/rooms', {
        json: { name: 'Ще одна', visibility: 'private', replyPolicy: { mode: 'off', agents: [] } },
      }),
      201,
    )
    expect(minimal.slug).toMatch(/^[a-z0-9-]+$/)
    expect(refusal(await by('POST /api/city/rooms', { json: wish }))).toBe('city.slug_taken')
  })
})

describe('files and messages', () => {
  const text = 'Збори мешканців будуть у четвер о 18:30 у клубі. Ключ має пані Оксана.\n'
  let file: { id: string }

  test('POST /api/city/files (multipart file), GET /api/city/files/{id}', async () => {
    file = ok(await by('POST /api/city/files', { body: form(Buffer.from(text), 'збори.txt') }), 201)
    expect(file).toEqual({
      id: expect.stringMatching(/^file_/),
      name: 'збори.txt',
      mime: 'text/plain',
      sizeBytes: Buffer.byteLength(text),
      sha256: createHash('sha256').update(text).digest('hex'),
    })
    const back = await by(`GET /api/city/files/${file.id}`)
    expect([back.status, back.text]).toEqual([200, text])
    const some = await by(`GET /api/city/files/${file.id}`, { headers: { range: 'bytes=0-9' } })
    expect([some.status, some.text]).toEqual([206, text.slice(0, 5)])
  })

  test('201, the same again 200 and the same message, another body 409', async () => {
    const said = (json: object) => by('POST /api/city/rooms/voda/messages', { json })
    const first = await said({
      clientId: 'c1',
      text: 'Доброго дня!',
      parts: [{ type: 'file', file: file.id }],
    })
    const body = ok(first, 201)
    expect(body).toMatchObject({ id: expect.stringMatching(/^msg_/), seq: 1, clientId: 'c1', replyTo: null })
    expect(body.parts).toMatchObject([{ type: 'file', file: file.id, state: 'pending' }])
    const again = await said({
      clientId: 'c1',
      text: 'Доброго дня!',
      parts: [{ type: 'file', file: file.id }],
    })
    expect(ok(again)).toMatchObject({ id: body.id, seq: body.seq })
    const other = await said({ clientId: 'c1', text: 'Інше' })
    expect([other.status, refusal(other)]).toEqual([409, 'city.client_id_conflict'])
    const reply = ok(await said({ clientId: 'c2', text: 'відповідь', replyTo: body.id }), 201)
    expect(reply).toMatchObject({ replyTo: body.id })
  })

  test('a part carries its outcome in place; the answer its run and citations; the run its steps, tokens, cost, time', async () => {
    const read = await until(
      async () => ok(await by('GET /api/city/rooms/voda/messages')).items,
      (items) => items[0].parts[0].state !== 'pending',
      'the document to be read',
    )
    expect(read[0].parts[0]).toMatchObject({
      state: 'done',
      document: {
        id: expect.stringMatching(/^doc_/),
        pages: { read: 1, ocr: 0, empty: 0, failed: 0, total: 1 },
      },
    })
    const json = { clientId: 'c3', text: 'О котрій збори мешканців?' }
    const asked = ok(await by('POST /api/city/rooms/voda/messages', { json }), 201)
    expect(asked.runs).toMatchObject([{ agent: 'daarwizz', state: 'queued' }])
    const answer = await until(
      async () =>
        ok(await by('GET /api/city/rooms/voda/messages?limit=200')).items.find(
          (item: { replyTo: string; author: { kind: string } }) =>
            item.replyTo === asked.id && item.author.kind === 'agent',
        ),
      (found) => found !== undefined,
      'the answer',
    )
    expect(answer).toMatchObject({ run: asked.runs[0].id, engine: expect.stringMatching(/librarian/) })
    expect(answer.text).toContain('18:30')
    const [cited] = answer.citations.filter((one: { document?: string }) => one.document)
    expect(cited).toMatchObject({ document: read[0].parts[0].document.id, page: 1 })
    expect(text.replace(/\s+/g, ' ')).toContain(cited.quote.replace(/\s+/g, ' ').trim().slice(0, 30))

    const run = ok(await by(`GET /api/agents/runs/${answer.run}`))
    expect(run).toMatchObject({ id: answer.run, state: 'done', text: answer.text, message: asked.id })
    expect(run.steps.map(({ kind }: { kind: string }) => kind)).toEqual(['retrieve', 'model'])
    for (const step of run.steps)
      expect(step).toMatchObject({ state: 'done', tokensIn: expect.any(Number), costUsd: expect.any(Number) })
    expect(run).toMatchObject({
      tokensIn: expect.any(Number),
      tokensOut: expect.any(Number),
      costUsd: expect.any(Number),
    })
    expect(run.durationMs).toBeGreaterThanOrEqual(0)
    const settled = ok(await by(`GET /api/city/rooms/voda/messages/${asked.id}`))
    expect(settled.runs).toMatchObject([{ id: answer.run, state: 'done' }])

    const page = ok(await by(`GET /api/knowledge/documents/${cited.document}/pages/${cited.page}`))
    expect(page.text).toContain('18:30')
    const events = await by(`GET /api/agents/runs/${answer.run}/events`)
    expect(events.headers.get('content-type')).toMatch(/^text\/event-stream/)
    expect(events.text).toMatch(/event: done\ndata: \{.*"state":"done"/)
  })

  test('paging: after, before, around, limit; {items, next?}', async () => {
    ok(await by('POST /api/city/rooms', { json: { name: 'Сторінки', slug: 'pages' } }), 201)
    for (let n = 1; n <= 10; n++)
      ok(await by('POST /api/city/rooms/pages/messages', { json: { clientId: `n${n}`, text: `${n}` } }), 201)
    const page = async (query: string) => {
      const { items, next } = ok(await by(`GET /api/city/rooms/pages/messages?${query}`))
      return { texts: items.map((item: { text: string }) => Number(item.text)), next, items }
    }
    expect(await page('limit=3')).toMatchObject({ texts: [8, 9, 10], next: 8 })
    expect(await page('limit=3&before=8')).toMatchObject({ texts: [5, 6, 7], next: 5 })
    expect(await page('before=3')).toMatchObject({ texts: [1, 2], next: undefined })
    expect(await page('after=0&limit=4')).toMatchObject({ texts: [1, 2, 3, 4], next: 4 })
    expect(await page('after=4&limit=200')).toMatchObject({ texts: [5, 6, 7, 8, 9, 10], next: undefined })
    expect((await page('around=5&limit=4')).texts).toEqual([3, 4, 5, 6])
    const [fifth] = (await page('after=4&limit=1')).items
    expect((await page(`around=${fifth.id}&limit=4`)).texts).toEqual([3, 4, 5, 6])
    expect((await page('after=10')).texts).toEqual([])
  })
})

describe.skipIf(!FIXTURES_DIR || !MODELS_DIR)('real recordings, pictures and papers', () => {
  const fixture = (path: string) => readFileSync(join(FIXTURES_DIR, path))
  const post = async (type: string, path: string) => {
    const name = path.split('/').at(-1) ?? ''
    const { id } = ok(await by('POST /api/city/files', { body: form(fixture(path), name) }), 201)
    const json = { clientId: path, parts: [{ type, file: id }] }
    return ok(await by('POST /api/city/rooms/square/messages', { json }), 201).id as string
  }
  const settled = async (id: string) => {
    const message = await until(
      async () => ok(await by(`GET /api/city/rooms/square/messages/${id}`)),
      ({ parts }) => parts[0].state !== 'pending',
      `part of ${id}`,
      120_000,
    )
    return message.parts[0]
  }

  test('transcript, ocr and document, each with its fields', async () => {
    const ids = [await post('audio', 'speech/en-jfk.ogg'), await post('audio', 'speech/noise.ogg')]
    ids.push(await post('image', 'images/uk-notice.jpg'), await post('file', 'documents/tracemonkey.pdf'))
    const [speech, noise, picture, paper] = await Promise.all(ids.map(settled))
    expect(speech).toMatchObject({
      type: 'audio',
      state: 'done',
      transcript: {
        text: expect.stringMatching(/ask not what/i),
        language: 'en',
        speech: true,
        engine: expect.any(String),
      },
    })
    expect(speech.transcript.segments[0]).toMatchObject({
      start: expect.any(Number),
      end: expect.any(Number),
      text: expect.any(String),
    })
    expect(noise.transcript).toMatchObject({ text: '', speech: false, segments: [] })
    expect(picture).toMatchObject({
      state: 'done',
      ocr: {
        text: expect.stringContaining('води'),
        confidence: expect.any(Number),
        engine: expect.any(String),
      },
    })
    expect(paper).toMatchObject({
      state: 'done',
      document: { id: expect.any(String), pages: { read: 14, ocr: 0, empty: 0, failed: 0, total: 14 } },
    })
  }, 150_000)

  test('/v1/audio/transcriptions by the official client, in each of its formats', async () => {
    const openai = new OpenAI({ baseURL: `${city.url}/v1`, apiKey: key, maxRetries: 0 })
    const hear = <F extends 'json' | 'verbose_json' | 'text' | 'srt' | 'vtt'>(response_format: F) =>
      openai.audio.transcriptions.create({
        file: createReadStream(join(FIXTURES_DIR, 'speech/en-jfk.mp3')),
        model: 'whisper-1',
        response_format,
      })
    expect((await hear('json')).text).toMatch(/ask not what your country/i)
    const verbose = await hear('verbose_json')
    expect(verbose).toMatchObject({ language: 'english', duration: expect.any(Number) })
    expect(verbose).toMatchObject({
      segments: expect.arrayContaining([
        expect.objectContaining({ id: 0, start: expect.any(Number), end: expect.any(Number) }),
      ]),
    })
    expect(await hear('text')).toMatch(/ask not what your country/i)
    expect(await hear('srt')).toMatch(/^1\n00:00:0\d,\d{3} --> 00:00:\d\d,\d{3}\n/)
    expect(await hear('vtt')).toMatch(/^WEBVTT\n\n00:00:/)
  }, 120_000)

  test('/api/multimodal/ocr and /parse', async () => {
    const read = ok(
      await by('POST /api/multimodal/ocr', { body: form(fixture('images/uk-notice.jpg'), 'a.jpg') }),
    )
    expect(read).toMatchObject({ text: expect.stringContaining('води'), confidence: expect.any(Number) })
    expect(read.words[0]).toMatchObject({ text: expect.any(String), box: { x0: expect.any(Number) } })
    const parsed = ok(
      await by('POST /api/multimodal/parse', { body: form(fixture('documents/tracemonkey.pdf'), 'a.pdf') }),
    )
    expect(parsed).toMatchObject({ mime: 'application/pdf', pages: { length: 14 } })
    expect(parsed.pages[0]).toMatchObject({ number: 1, state: 'read' })
  }, 60_000)
})

describe('the live socket', () => {
  const open = async (headers: Record<string, string>) => {
    const socket = new WebSocket(`${city.url.replace('http', 'ws')}/api/city/live`, { headers })
    // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of a frame by expecting it
    const frames: any[] = []
    socket.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString())))
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    const heard = (type: string, more: object = {}) =>
      until(
        async () =>
          frames.find(
            (frame) => frame.type === type && Object.entries(more).every(([k, v]) => frame[k] === v),
          ),
        (found) => found !== undefined,
        `${type} ${JSON.stringify(more)}; heard ${JSON.stringify(frames).slice(0, 500)}`,
      )
    return { socket, frames, heard, say: (frame: object) => socket.send(JSON.stringify(frame)) }
  }
  const ways = [
    ['a key', () => ({ authorization: `Bearer ${key}` })],
    ['the cookie and the own origin', () => ({ cookie, origin: city.url })],
  ] as const

  test.each(ways)(
    'by %s: backfill, subscribed, ack, stream, answer, read, typing, presence',
    async (way, headers) => {
      const { body: room } = await by('POST /api/city/rooms', {
        json: { name: way, replyPolicy: { mode: 'all', agents: ['daarwizz'] } },
      })
      const first = ok(
        await by(`POST /api/city/rooms/${room.id}/messages`, { json: { clientId: 'old', text: 'Вода є.' } }),
        201,
      )
      const live = await open(headers())
      live.say({ type: 'subscribe', room: room.id, after: 0 })
      await live.heard('subscribed', { room: room.id })
      expect(live.frames[0]).toMatchObject({
        type: 'message',
        room: room.id,
        seq: 1,
        message: { id: first.id },
      })

      live.say({ type: 'send', room: room.id, clientId: 'new', text: 'Чи є вода?', parts: [] })
      const ack = await live.heard('ack', { clientId: 'new' })
      expect(ack).toMatchObject({ id: expect.stringMatching(/^msg_/), seq: expect.any(Number) })
      live.say({ type: 'send', room: room.id, clientId: 'new', text: 'Чи є вода?', parts: [] })
      await until(
        async () => live.frames.filter(({ type }) => type === 'ack').length,
        (n) => n === 2,
        'a second ack',
      )
      expect(live.frames.filter(({ type }) => type === 'ack').map(({ id }) => id)).toEqual([ack.id, ack.id])
      const sent = await live.heard('message', { seq: ack.seq })
      expect(sent.message).toMatchObject({ id: ack.id, text: 'Чи є вода?', runs: [{ agent: 'daarwizz' }] })
      const [{ id: run }] = sent.message.runs
      expect(await live.heard('delta', { run, offset: 0 })).toMatchObject({
        room: room.id,
        text: expect.any(String),
      })
      expect(await live.heard('run', { run })).toMatchObject({
        state: expect.any(String),
        step: expect.any(String),
      })
      const answered = await until(
        async () => live.frames.find(({ type, message }) => type === 'message' && message.replyTo === ack.id),
        (found) => found !== undefined,
        'the answer',
      )
      expect(answered.message).toMatchObject({ run })

      live.say({ type: 'read', room: room.id, seq: answered.seq })
      expect(await live.heard('read')).toMatchObject({ room: room.id, seq: answered.seq })
      live.say({ type: 'typing', room: room.id })
      expect(await live.heard('typing')).toMatchObject({ room: room.id, name: OWNER.name })
      live.say({ type: 'presence', state: 'here' })
      expect(await live.heard('presence')).toMatchObject({ people: expect.any(Array) })
      live.say({ type: 'subscribe', room: 'nowhere' })
      expect(await live.heard('error')).toMatchObject({ code: 'city.room_not_found', room: 'nowhere' })

      // The numbers are gapless, and one who comes later sees the same log.
      const numbers = live.frames.filter(
        ({ seq, type }) => seq !== undefined && !['subscribed', 'ack', 'read'].includes(type),
      )
      const later = await open(headers())
      later.say({ type: 'subscribe', room: room.id, after: 0 })
      const { seq: head } = await later.heard('subscribed', { room: room.id })
      expect(numbers.map(({ seq }) => seq).slice(0, head)).toEqual(
        Array.from({ length: numbers.length }, (_, i) => i + 1).slice(0, head),
      )
      const backfilled = later.frames.filter(({ type }) => type !== 'subscribed' && type !== 'presence')
      expect(backfilled.map(({ seq }) => seq)).toEqual(Array.from({ length: head }, (_, i) => i + 1))
      live.socket.close()
      later.socket.close()
    },
  )

  test('a revoked key closes it with 4401', async () => {
    const made = ok(
      await ask(city.url, 'POST /api/auth/keys', { cookie, json: { name: 'for a moment' } }),
      201,
    )
    const { socket } = await open({ authorization: `Bearer ${made.key}` })
    const closed = new Promise((resolve) => socket.once('close', resolve))
    ok(await ask(city.url, `DELETE /api/auth/keys/${made.id}`, { cookie }))
    expect(await closed).toBe(4401)
  })
})

describe('/v1', () => {
  const client = () => new OpenAI({ baseURL: `${city.url}/v1`, apiKey: key, maxRetries: 0 })

  test('models and chat completions by the official client, whole and streamed', async () => {
    const openai = client()
    const names: string[] = []
    for await (const model of openai.models.list()) names.push(model.id)
    expect(names).toContain('city')
    const messages = [{ role: 'user' as const, content: 'Що таке місто?' }]
    const whole = await openai.chat.completions.create({ model: 'city', messages })
    expect(whole).toMatchObject({ object: 'chat.completion', usage: { total_tokens: expect.any(Number) } })
    expect(whole.choices[0]?.message.content).toMatch(/\S/)
    let text = ''
    for await (const chunk of await openai.chat.completions.create({ model: 'city', messages, stream: true }))
      text += chunk.choices[0]?.delta.content ?? ''
    expect(text).toBe(whole.choices[0]?.message.content)
  })

  test('its errors are those the client knows', async () => {
    const messages = [{ role: 'user' as const, content: 'x' }]
    await expect(client().chat.completions.create({ model: 'nothing', messages })).rejects.toMatchObject({
      status: 404,
      code: 'llm_proxy.model_unknown',
    })
    const stranger = new OpenAI({ baseURL: `${city.url}/v1`, apiKey: 'dk_wrong', maxRetries: 0 })
    await expect(stranger.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
    await expect(client().chat.completions.create({ model: 'city', messages: [] })).rejects.toBeInstanceOf(
      OpenAI.BadRequestError,
    )
    await expect(client().embeddings.create({ model: 'nothing', input: 'x' })).rejects.toMatchObject({
      status: 404,
    })
  })

  test('a program’s own request: POST /api/route', async () => {
    const data = `data:text/plain;base64,${Buffer.from('Пароль від воріт — соняшник.').toString('base64')}`
    const parts = [
      { type: 'text', text: 'Який пароль від воріт?' },
      { type: 'file', name: 'note.txt', data },
    ]
    const result = ok(await by('POST /api/route', { json: { parts } }))
    expect(result).toMatchObject({
      router: 'v2',
      text: expect.stringContaining('соняшник'),
      parts: [{ state: 'done' }],
    })
  })
})

describe('the machine’s own', () => {
  test('/health, /ready, /metrics, /openapi.json, /docs are open to whoever looks after it', async () => {
    expect(ok(await ask(city.url, 'GET /health'))).toEqual({ state: 'ok' })
    const ready = await ask(city.url, 'GET /ready')
    expect([200, 503]).toContain(ready.status)
    expect(ready.body.services).toContain('city')
    for (const check of ready.body.checks)
      expect(check).toMatchObject({
        name: expect.any(String),
        state: expect.stringMatching(/^(ok|degraded|down)$/),
        since: expect.any(String),
      })
    const metrics = await ask(city.url, 'GET /metrics')
    expect(metrics.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(metrics.text).toMatch(/^http_requests_total\{/m)
    expect((await ask(city.url, 'GET /docs')).text).toMatch(/^<!doctype html>/)
  })

  test('openapi.json names every face of the issue', async () => {
    const { openapi, paths } = ok(await ask(city.url, 'GET /openapi.json'))
    expect(openapi).toMatch(/^3\.1/)
    const faces = [
      'post /api/auth/welcome',
      'post /api/auth/sign-in/email',
      'post /api/auth/invitations',
      'post /api/auth/sign-up',
      'get /api/auth/sessions',
      'delete /api/auth/sessions',
      'get /api/auth/keys',
      'post /api/auth/keys',
      'delete /api/auth/keys/{key}',
      'get /api/auth/audit',
      'patch /api/auth/residents/{principal}',
      'get /api/city/rooms',
      'post /api/city/rooms',
      'post /api/city/files',
      'get /api/city/files/{file}',
      'get /api/city/files/{file}/thumbnail',
      'post /api/city/rooms/{room}/messages',
      'get /api/city/rooms/{room}/messages',
      'patch /api/city/rooms/{room}',
      'put /api/city/rooms/{room}/members/{principal}',
      'delete /api/city/rooms/{room}/members/{principal}',
      'post /api/city/rooms/{room}/read',
      'get /api/city/rooms/{room}/events',
      'patch /api/city/messages/{message}',
      'delete /api/city/messages/{message}',
      'put /api/city/messages/{message}/reactions/{emoji}',
      'delete /api/city/messages/{message}/reactions/{emoji}',
      'put /api/city/messages/{message}/pin',
      'delete /api/city/messages/{message}/pin',
      'get /api/city/messages/{message}/history',
      'get /api/city/search',
      'get /api/city/feed',
      'get /api/city/map',
      'get /api/city/people',
      'post /api/city/reports',
      'post /api/city/exports',
      'post /api/city/imports',
      'get /api/city/live',
      'get /api/agents/runs/{run}',
      'get /api/agents/runs/{run}/events',
      'get /v1/models',
      'post /v1/chat/completions',
      'post /v1/audio/transcriptions',
      'post /api/multimodal/ocr',
      'post /api/multimodal/parse',
    ]
    const described = Object.entries(paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    )
    expect(faces.filter((face) => !described.includes(face))).toEqual([])
  })
})
