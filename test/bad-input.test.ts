import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { type Answer, type Asked, ask, form, refusal } from './kit/ask.ts'
import { BAD } from './kit/bad-files.ts'
import { type RunningCity, startCity, temporaryFolder } from './kit/city.ts'
import { firstOwner, newcomer, type Resident, until } from './kit/resident.ts'
import { startWikipedia, type WikipediaServer } from './kit/wikipedia-server.ts'

const run = promisify(execFile)
const has = (tool: string, ...version: string[]) =>
  run(tool, version).then(
    () => true,
    () => false,
  )
const [qpdf, ffmpeg] = await Promise.all([has('qpdf', '--version'), has('ffmpeg', '-version')])
const fixtures = process.env.FIXTURES_DIR ?? ''
const MB = 1024 * 1024

const folder = temporaryFolder()
let city: RunningCity
let wikipedia: WikipediaServer
let owner: Resident
let stranger: Resident
let pulse: Pulse

beforeAll(async () => {
  wikipedia = await startWikipedia()
  city = await startCity({
    DATA_DIR: join(folder.path, 'data'),
    LOG_LEVEL: 'info',
    WEB_SEARCH_URL: wikipedia.url,
  })
  owner = await firstOwner(city)
  stranger = await newcomer(owner, 'Марта')
  pulse = takePulse(city.url, owner.key)
}, 90_000)
afterAll(async () => {
  await pulse?.stop()
  await city?.stop()
  await wikipedia?.[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
}, 30_000)

type Line = Parameters<typeof ask>[1]
const by = (who: Resident, line: Line, asked: Asked = {}) => ask(city.url, line, { key: who.key, ...asked })

describe('files', () => {
  /** Every blob, and what is half written. */
  const kept = () => {
    const all = readdirSync(join(folder.path, 'data/files'), { recursive: true, withFileTypes: true })
    return all.filter((entry) => entry.isFile()).map(({ name }) => name)
  }
  const faceOf = (name: string): Line =>
    /\.(?:wav|ogg|webm|mp4|mp3|flac)$/.test(name)
      ? 'POST /v1/audio/transcriptions'
      : /\.(?:png|jpg|webp|gif|tiff|svg)$/.test(name)
        ? 'POST /api/multimodal/ocr'
        : 'POST /api/multimodal/parse'
  /** Refused as an upload and by the gateway, and leaves nothing. */
  const refused = async (bytes: Uint8Array, name: string) => {
    const before = kept()
    const codes: string[] = []
    for (const line of ['POST /api/city/files', faceOf(name)] as const)
      codes.push(refusal(await by(stranger, line, { body: form(bytes, name) }), `${line} ${name}`))
    expect(kept(), `${name} left something behind`).toEqual(before)
    return codes
  }

  // An hour of the plainest sound is over the limit of bytes: ffmpeg makes a small one below.
  test.each(BAD.filter(({ name }) => name !== 'hours.wav'))('$name: $code', async ({ bytes, code, name }) => {
    expect(await refused(await bytes(), name)).toEqual([code, code])
  })

  test('over 25 MB', async () => {
    const large = new Uint8Array(25 * MB + 1).fill(0x20)
    expect(await refused(large, 'large.png')).toEqual(['file.too_large', 'file.too_large'])
    expect(await refused(large, 'large.ogg')).toEqual(['file.too_large', 'file.too_large'])
    expect(await refused(large, 'large.pdf')).toEqual(['file.too_large', 'file.too_large'])
  })

  test('text that is no UTF-8 and of no old encoding either', async () => {
    const broken = Buffer.concat([Buffer.from('Привіт, місто. '), Buffer.from([0xff, 0xfe, 0xc3, 0x28])])
    expect(await refused(broken, 'broken.txt')).toEqual(['file.unsupported', 'file.unsupported'])
  })

  test.skipIf(!ffmpeg)('61 minutes of silence in little', async () => {
    const out = join(folder.path, 'hour.flac')
    const source = ['-f', 'lavfi', '-i', 'anullsrc=r=8000:cl=mono', '-t', '3661']
    await run('ffmpeg', ['-v', 'error', ...source, '-c:a', 'flac', out])
    expect(await refused(readFileSync(out), 'hour.flac')).toEqual(['file.too_long', 'file.too_long'])
  })

  test.skipIf(!ffmpeg).each(['mute.mp4', 'mute.webm'])('a film without sound is a film: %s', async (name) => {
    const out = join(folder.path, name)
    const source = ['-f', 'lavfi', '-i', 'color=c=blue:s=64x64:d=1']
    await run('ffmpeg', ['-v', 'error', ...source, '-pix_fmt', 'yuv420p', out])
    const body = form(readFileSync(out), name)
    const sent = await by(stranger, 'POST /api/city/files', { body })
    expect(sent.body).toMatchObject({ mime: name.replace('mute.', 'video/'), durationMs: 1000 })
    const back = await by(stranger, `GET /api/city/files/${sent.body.id}`, {
      headers: { range: 'bytes=0-9' },
    })
    expect([back.status, back.headers.get('content-type')]).toEqual([206, sent.body.mime])
    // There is nothing to hear in it all the same, nor anything here that hears.
    const heard = await by(stranger, 'POST /v1/audio/transcriptions', { body: form(readFileSync(out), name) })
    expect(['file.no_audio', 'engine.model_missing']).toContain(heard.body.error.code)
  })

  describe.skipIf(!qpdf || !fixtures)('PDFs by qpdf', () => {
    const source = join(fixtures, 'documents/tracemonkey.pdf')
    test('locked', async () => {
      const out = join(folder.path, 'locked.pdf')
      await run('qpdf', ['--encrypt', 'secret', 'owner', '256', '--', source, out])
      expect(await refused(readFileSync(out), 'locked.pdf')).toEqual(['file.encrypted', 'file.encrypted'])
    })
    test('501 pages', async () => {
      const out = join(folder.path, 'many.pdf')
      const pages = Array.from({ length: 501 }, () => [source, '1']).flat()
      writeFileSync(join(folder.path, 'arguments'), ['--empty', '--pages', ...pages, '--', out].join('\n'))
      await run('qpdf', [`@${join(folder.path, 'arguments')}`])
      expect(await refused(readFileSync(out), 'many.pdf')).toEqual([
        'file.too_many_pages',
        'file.too_many_pages',
      ])
    })
    test('cut in half', async () => {
      const whole = readFileSync(source)
      const codes = await refused(whole.subarray(0, whole.length >> 1), 'half.pdf')
      expect(codes).toEqual(['file.unreadable', 'file.unreadable'])
    })
  })

  test.each([
    '/api/city/files',
    '/v1/audio/transcriptions',
    '/api/multimodal/ocr',
    '/api/multimodal/parse',
  ] as const)('%s: forms that are none', async (path) => {
    const before = kept()
    const multipart = (boundary: string, body: string) =>
      by(stranger, `POST ${path}`, {
        body,
        headers: { 'content-type': `multipart/form-data${boundary && `; boundary=${boundary}`}` },
      })
    const part = (name: string, more: string) =>
      `--x\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\nabc\r\n`
    const file = part('file', '; filename="a.txt"')
    refusal(await multipart('', 'abc'), 'no boundary')
    refusal(await multipart('x', 'abc'), 'no part')
    refusal(await multipart('x', '--x--\r\n'), 'no part, ended')
    refusal(await multipart('x', file), 'not ended')
    refusal(await multipart('x', `${part('other', '; filename="a.txt"')}--x--\r\n`), 'another field')
    refusal(await multipart('x', `${part('file', '')}--x--\r\n`), 'a field, no file')
    refusal(await multipart('x', `${file}${file}--x--\r\n`), 'two files')
    refusal(await multipart('x', `${part('__proto__', '')}${file}--x--\r\n`), 'a name that is a trap')
    refusal(await multipart('x', `${part('a', '').repeat(50)}${file}--x--\r\n`), 'fifty fields')
    refusal(await by(stranger, `POST ${path}`, { json: {} }), 'JSON')
    refusal(
      await by(stranger, `POST ${path}`, { body: 'abc', headers: { 'content-type': 'text/plain' } }),
      'text',
    )
    refusal(await ask(city.url, `POST ${path}`, { body: form(Buffer.from('abc'), 'a.txt') }), 'nobody')
    expect(kept()).toEqual(before)
  })

  test.each([
    ['../../etc/passwd', 'passwd'],
    ['..\\..\\windows\\system.ini', 'system.ini'],
    ['/absolute/note.txt', 'note.txt'],
    ['..', 'file'],
    ['\u202Etxt.exe', 'txt.exe'],
    ['a\u0000b.txt', 'ab.txt'],
    [`${'я'.repeat(500)}.txt`, `${'я'.repeat(196)}.txt`],
  ])('the name %j is kept as %j', async (given, expected) => {
    const answer = await by(stranger, 'POST /api/city/files', {
      body: form(Buffer.from(`note ${given.length}`), given),
    })
    expect(answer.status, answer.text).toBe(201)
    expect(answer.body.name).toBe(expected)
    const back = await by(stranger, `GET /api/city/files/${answer.body.id}`)
    expect(back.headers.get('content-disposition')).toMatch(
      /^attachment; filename="[\x20-\x7e]*"; filename\*=UTF-8''\S+$/,
    )
  })

  test('an upload that its sender cuts off leaves nothing', async () => {
    const before = kept()
    const request = [
      'POST /api/city/files HTTP/1.1',
      `Host: ${new URL(city.url).host}`,
      `Authorization: Bearer ${stranger.key}`,
      'Content-Type: multipart/form-data; boundary=x',
      'Content-Length: 100000',
      '',
      '--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nthe beginning',
    ].join('\r\n')
    const socket = connect(Number(new URL(city.url).port), '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(request)
    await until(
      async () => kept(),
      (now) => now.length > before.length,
      'the upload to begin',
    )
    socket.destroy()
    await until(
      async () => kept(),
      (now) => now.length === before.length,
      'the upload to be swept away',
    )
  })

  test('what somebody else uploaded is as unknown as what nobody did', async () => {
    const { body: file } = await by(owner, 'POST /api/city/files', {
      body: form(Buffer.from('mine'), 'mine.txt'),
    })
    const unknown = 'file_00000000000000000000000000'
    for (const way of ['', '/about', '/thumbnail']) {
      const theirs = await by(stranger, `GET /api/city/files/${file.id}${way}`)
      expect(refusal(theirs)).toBe('city.file_not_found')
      expect(theirs.text).toBe((await by(stranger, `GET /api/city/files/${unknown}${way}`)).text)
    }
    const post = (id: string) =>
      by(stranger, 'POST /api/city/rooms/square/messages', {
        json: { clientId: 'theirs', parts: [{ type: 'file', file: id }] },
      })
    const theirs = await post(file.id)
    expect(refusal(theirs)).toBe('city.part_file')
    expect(theirs.text).toBe((await post(unknown)).text)
  })
})

describe('rooms and messages', () => {
  test('a room one may not see answers as one that is not there, to the byte', async () => {
    const { id } = await owner.city.openRoom({ name: 'Правління', slug: 'board' })
    const said = await owner.say(id, 'таємно')
    const lines = (room: string): [Line, Asked?][] => [
      [`GET /api/city/rooms/${room}`],
      [`PATCH /api/city/rooms/${room}`, { json: { name: 'моя' } }],
      [`GET /api/city/rooms/${room}/members`],
      [`POST /api/city/rooms/${room}/members`, { json: { principal: 'x' } }],
      [`DELETE /api/city/rooms/${room}/members/x`],
      [`GET /api/city/rooms/${room}/messages`],
      [`GET /api/city/rooms/${room}/messages?around=1`],
      [`GET /api/city/rooms/${room}/messages/${said.id}`],
      [`POST /api/city/rooms/${room}/messages`, { json: { clientId: 'x', text: 'x' } }],
      [`PATCH /api/city/rooms/${room}/messages/${said.id}/parts/0`, { json: { text: 'x' } }],
      [`POST /api/city/rooms/${room}/messages/${said.id}/parts/0/retry`, { json: {} }],
      [`POST /api/city/rooms/${room}/messages/${said.id}/retry`, { json: {} }],
      [`POST /api/city/rooms/${room}/read`, { json: { seq: 1 } }],
      [`GET /api/knowledge/documents?room=${room}`],
      ['POST /api/knowledge/search', { json: { query: 'таємно', rooms: [room] } }],
      ['POST /api/route', { json: { room, parts: [{ type: 'text', text: 'що тут?' }] } }],
    ]
    const plain = ({ status, text, headers }: Answer) => {
      const shown = [...headers].filter(([name]) => !['date', 'x-request-id'].includes(name))
      return { status, text, headers: Object.fromEntries(shown) }
    }
    const [byId, bySlug, unknown, wrong] = [id, 'board', 'room_00000000000000000000000000', 'nowhere'].map(
      lines,
    )
    for (const [index, [line, asked]] of (byId ?? []).entries()) {
      const told = plain(await by(stranger, line, asked))
      for (const other of [bySlug, unknown, wrong]) {
        const [same = line, body] = other?.[index] ?? []
        expect(plain(await by(stranger, same, body)), same).toEqual(told)
      }
    }
  })

  test.each([
    ['nothing', { clientId: 'a' }, 400, 'city.message_empty'],
    ['1 MB of text', { clientId: 'a', text: 'я'.repeat(500_000) }, 413, 'city.text_too_long'],
    ['a little too much text', { clientId: 'a', text: 'x'.repeat(16_001) }, 413, 'city.text_too_long'],
    ['more than a request may hold', { clientId: 'a', text: 'x'.repeat(1.2e6) }, 413, 'http.too_large'],
    ['no clientId', { text: 'a' }, 400, 'input.invalid'],
    ['a very long clientId', { clientId: 'x'.repeat(10_000), text: 'a' }, 400, 'input.invalid'],
    ['an empty clientId', { clientId: '', text: 'a' }, 400, 'input.invalid'],
    ['a clientId of NUL', { clientId: '\0', text: 'a' }, 400, 'city.text_invalid'],
    ['NUL in the text', { clientId: 'a', text: 'a\0b' }, 400, 'city.text_invalid'],
    ['half a character', { clientId: 'a', text: 'a\ud83d' }, 400, 'city.text_invalid'],
    ['a reply to nothing', { clientId: 'a', text: 'a', replyTo: 'msg_x' }, 400, 'city.reply_not_found'],
    [
      'eleven parts',
      { clientId: 'a', parts: Array(11).fill({ type: 'file', file: 'x' }) },
      400,
      'input.invalid',
    ],
    ['half a million parts', { clientId: 'a', parts: Array(400_000).fill(0) }, 400, 'input.invalid'],
    ['a part of no kind', { clientId: 'a', parts: [{ type: 'link', file: 'x' }] }, 400, 'input.invalid'],
    ['text that is a number', { clientId: 'a', text: 1 }, 400, 'input.invalid'],
  ])('a message of %s', async (_what, json, status, code) => {
    const answer = await by(stranger, 'POST /api/city/rooms/square/messages', { json })
    expect([answer.status, refusal(answer)]).toEqual([status, code])
    expect(answer.text.length).toBeLessThan(2000)
  })

  test('a talk that is cut inside a character on its way to the agent', async () => {
    const replyPolicy = { mode: 'mentioned' as const, agents: ['daarwizz'] }
    const { id } = await owner.city.openRoom({ name: 'Смайлики', replyPolicy })
    await owner.say(id, '🙂'.repeat(8_000))
    await owner.say(id, `a${'🙂'.repeat(7_999)}`)
    const asked = await owner.say(id, '@daarwizz що тут?')
    await owner.answer(id, asked.id)
  })

  test('none of them stands in the room', async () => {
    const { items } = await stranger.city.messages({ room: 'square' })
    expect(items.filter(({ author }) => author.name === 'Марта')).toEqual([])
  })

  test.each(['-1', '1.5', 'NaN', 'Infinity', '1e400', '9007199254740992', '', 'null', '[]', '%00'])(
    'the paging value %s',
    async (value) => {
      for (const name of ['after', 'before', 'limit'])
        refusal(await by(stranger, `GET /api/city/rooms/square/messages?${name}=${value}`), name)
      const around = await by(stranger, `GET /api/city/rooms/square/messages?around=${value}`)
      if (value !== '') refusal(around, 'around')
    },
  )
})

describe('requests', () => {
  const to = (
    body: Asked['body'],
    headers: Record<string, string> = { 'content-type': 'application/json' },
  ) => by(stranger, 'POST /api/city/rooms', { ...(body !== undefined && { body }), headers })

  test.each([
    ['nothing', ''],
    ['half a document', '{"name":'],
    ['a list', '[1]'],
    ['a word', '"name"'],
    ['null', 'null'],
    ['a name that is a trap', '{"__proto__":{"visibility":"public"},"name":"x"}'],
    ['another trap', '{"constructor":{"prototype":{"x":1}},"name":"x"}'],
    ['200 000 levels', `{"name":${'['.repeat(200_000)}${']'.repeat(200_000)}}`],
    ['bytes that are no UTF-8', Buffer.from('{"name":"\xff\xfe"}', 'latin1')],
    ['bytes of UTF-16', Buffer.from('{"name":"x"}', 'utf16le')],
    ['half a character', '{"name":"\\ud83d"}'],
    ['NUL', '{"name":"a\\u0000b"}'],
  ])('JSON of %s', async (_what, body) => {
    refusal(await to(body))
  })
  test('the bytes that are no UTF-8 are told as such', async () => {
    expect(refusal(await to(Buffer.from('{"name":"\xff\xfe"}', 'latin1')))).toBe('http.not_utf8')
  })

  test.each([
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'nonsense',
  ])('a body of %s where JSON is due', async (type) => {
    refusal(await to('{"name":"x"}', { 'content-type': type }))
  })

  test('a body of no type at all', async () => {
    const answer = await raw(
      `POST /api/city/rooms HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${stranger.key}\r\nContent-Length: 12\r\nConnection: close\r\n\r\n{"name":"x"}`,
    )
    expect(answer).toMatch(/^HTTP\/1.1 415 /)
    expect(answer).toContain('"code":"http.unsupported"')
  })

  test.each([
    ['no request at all', 'hello\r\n\r\n', 400],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na', 400],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na',
      400,
    ],
    ['heads without end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 413],
  ])('%s on the wire', async (_what, bytes, status) => {
    const answer = await raw(bytes)
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(answer).toMatch(/\{"error":\{"kind":"\w+","code":"http\.\w+"/)
  })

  test('nobody has a large body read', async () => {
    for (const path of ['/api/route', '/api/router/v2/route', '/v1/chat/completions']) {
      const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 30000000\r\n\r\n{`
      expect(await raw(head), path).toMatch(/^HTTP\/1.1 401 /)
    }
  })

  test('a million little objects are refused before they are made', async () => {
    const body = `{"model":"city","messages":[${'{},'.repeat(1_000_000)}{}]}`
    refusal(
      await by(stranger, 'POST /v1/chat/completions', {
        body,
        headers: { 'content-type': 'application/json' },
      }),
    )
  })

  test('depth that a provider could not be sent', async () => {
    const body = `{"model":"city","messages":[{"role":"user","content":${'['.repeat(100_000)}${']'.repeat(100_000)}}]}`
    refusal(
      await by(stranger, 'POST /v1/chat/completions', {
        body,
        headers: { 'content-type': 'application/json' },
      }),
    )
  })

  test('a slow body holds up nobody', async () => {
    const sockets = Array.from({ length: 50 }, () => {
      const socket = connect(Number(new URL(city.url).port), '127.0.0.1')
      socket.on('error', () => undefined)
      socket.write(
        `POST /api/city/rooms HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${stranger.key}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
      )
      return socket
    })
    for (let i = 0; i < 10; i++) expect((await by(stranger, 'GET /api/city/rooms')).status).toBe(200)
    for (const socket of sockets) socket.destroy()
  })

  test('no address brings the city out of its shape', async () => {
    const odd = [
      '/%zz',
      '/api/%ff',
      '/api/city/rooms/%ED%A0%80',
      `/api/city/rooms/${'x'.repeat(5_000)}/messages`,
    ]
    const traps = [
      '/api/nothing',
      '/v1/nothing',
      '/assets/../../package.json',
      '/api/city/files/..%2f..%2fsecret',
    ]
    expect(refusal(await by(stranger, 'GET /api/agents/runs/%00/events'))).toBe('agents.run_not_found')
    const more = ['/api/city/live', '/v1/models/nothing', '/v1/models/%zz']
    expect((await by(stranger, 'GET /..%2f..%2f..%2fetc%2fpasswd')).text).toMatch(/^<!doctype html>/)
    for (const path of [...odd, ...traps, ...more]) refusal(await by(stranger, `GET ${path}`), path)
    for (const path of ['/', '/api/city/rooms', '/health']) {
      const answer = await raw(`BREW ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
      expect(answer, path).toMatch(/^HTTP\/1.1 4\d\d /)
    }
  })
})

describe('who somebody is', () => {
  test.each([
    ['a wrong key', { authorization: 'Bearer dk_wrong' }],
    ['no key', { authorization: 'Bearer' }],
    ['something else', { authorization: 'Basic b3duZXI6eA==' }],
    ['a service that is none', { authorization: 'Service eyJhbGciOiJub25lIn0.eyJpc3MiOiJjaXR5In0.' }],
    ['a session that is none', { cookie: 'daarion.session=abc.def' }],
    ['a session of garbage', { cookie: 'daarion.session=%zz' }],
  ])('%s is refused everywhere, the socket too', async (_what, headers) => {
    for (const line of [
      'GET /api/city/rooms',
      'GET /v1/models',
      'GET /api/agents',
      'POST /api/city/files',
    ] as const)
      expect(refusal(await ask(city.url, line, { headers }), line)).toBe('auth.bad_credential')
    expect(await upgrade({ ...headers, origin: city.url })).toBe(401)
  })

  test('a session that ended', async () => {
    const { code } = await owner.auth.invite({})
    const account = { code, email: 'stale@city.test', password: 'a long enough password', name: 'Леся' }
    const { cookie } = await ask(city.url, 'POST /api/auth/sign-up', { json: account })
    expect((await ask(city.url, 'GET /api/auth/me', { cookie })).status).toBe(200)
    expect(await upgrade({ cookie, origin: city.url })).toBe(101)
    expect(await upgrade({ cookie, origin: 'https://elsewhere.example' }), 'another site').toBe(403)
    expect(await upgrade({ cookie }), 'no origin').toBe(401)
    await ask(city.url, 'POST /api/auth/sign-out', { cookie, json: {} })
    expect(refusal(await ask(city.url, 'GET /api/auth/me', { cookie }))).toBe('auth.bad_credential')
    expect(await upgrade({ cookie, origin: city.url })).toBe(401)
  })

  test('a page of another site changes nothing', async () => {
    const headers = { origin: 'https://elsewhere.example' }
    expect(refusal(await by(owner, 'POST /api/auth/keys', { json: { name: 'x' }, headers }))).toBe(
      'auth.wrong_origin',
    )
  })
})

describe('every operation of openapi.json', () => {
  interface Described {
    readonly parameters?: readonly { name: string; in: string }[]
    readonly requestBody?: { content: Record<string, { schema: { properties?: Record<string, unknown> } }> }
    readonly security: readonly unknown[]
  }
  const SERVICE_ONLY = [
    '/api/agents/runs/deliver',
    '/api/router/v1/deliver',
    '/api/router/v2/deliver',
    '/api/llm/reservations',
    '/api/llm/reservations/{reservation}/settle',
    '/api/llm/reservations/{reservation}/release',
    '/api/city/readable',
    '/api/auth/identify',
    '/api/auth/principals',
    '/api/auth/agents',
    '/api/auth/credentials/standing',
    '/api/auth/recoveries',
    '/api/auth/links/claim',
    '/api/auth/links/find',
    '/api/knowledge/passages',
  ]
  const OPERATOR = [
    '/api/models',
    '/api/models/{model}/pull',
    '/api/auth/invitations',
    '/api/auth/invitations/{invitation}',
    '/api/auth/sign-ups',
    '/api/auth/sign-ups/{signUp}',
    '/api/auth/sign-ups/{signUp}/approve',
    '/api/auth/resets',
    '/api/auth/resets/{reset}/link',
    '/api/agents/servers',
    '/api/agents/servers/{server}',
    '/api/agents/servers/{server}/connect',
    '/api/agents/servers/{server}/risks',
    '/api/agents/servers/connected',
    '/api/llm/usage',
    '/api/llm/budgets',
    '/api/llm/models',
    '/api/llm/models/try',
    '/api/llm/file',
    '/api/router/weight',
    '/api/router/differences',
  ]
  /** Ends the session it is asked by, or takes nothing that could be wrong. */
  const operations = async () => {
    const { body } = await ask(city.url, 'GET /openapi.json')
    return Object.entries(body.paths as Record<string, Record<string, Described>>).flatMap(
      ([path, methods]) =>
        Object.entries(methods).map(([method, op]) => ({ path, method: method.toUpperCase(), op })),
    )
  }

  test('nobody may; and what is for services or operators is not for a resident', async () => {
    const open: string[] = []
    for (const { path, method, op } of await operations()) {
      const line = `${method} ${path.replace(/\{\w+\}/g, 'x')}` as Line
      const asked = ['POST', 'PATCH'].includes(method) ? { json: {} } : {}
      const answer = await ask(city.url, line, asked)
      if (op.security.length === 0) {
        open.push(`${method} ${path}`)
        continue
      }
      const service = SERVICE_ONLY.includes(path) && method === 'POST'
      if (path !== '/api/city/live')
        expect(refusal(answer, line)).toBe(service ? 'http.not_found' : 'auth.required')
      if (service) expect(refusal(await by(owner, line, asked), line)).toBe('http.not_found')
      if (OPERATOR.includes(path))
        expect(refusal(await by(stranger, line, asked), line)).toBe('auth.forbidden')
    }
    expect(open.sort()).toEqual([
      'GET /api/auth/door',
      'POST /api/auth/email/verify',
      'POST /api/auth/invitation',
      'POST /api/auth/password/forgotten',
      'POST /api/auth/password/reset',
      'POST /api/auth/sign-in/email',
      'POST /api/auth/sign-in/passkey',
      'POST /api/auth/sign-in/passkey/options',
      'POST /api/auth/sign-in/totp',
      'POST /api/auth/sign-out',
      'POST /api/auth/sign-up',
      'POST /api/auth/sign-up/confirm',
      'POST /api/auth/welcome',
    ])
  })

  test('odd values in every place are refused, or do no harm; none is a fault of ours', async () => {
    const inPath = [
      '%00',
      '..%2f..%2fetc%2fpasswd',
      '9007199254740991',
      '-1',
      '1.5',
      '%F0%9F%99%82',
      'x'.repeat(150),
    ]
    const values = ['\0', '\ud800', 'x'.repeat(3000), -1, 1.5, 9007199254740991, null, [], {}, ['\0'], true]
    const room = (path: string) => path.replace('{room}', 'square')
    for (const { path, method, op } of await operations()) {
      if (path === '/api/auth/sign-out' || path === '/api/city/live') continue
      const properties = Object.keys(op.requestBody?.content['application/json']?.schema.properties ?? {})
      const tries: [Line, Asked][] = []
      for (const value of inPath) {
        if (path.includes('{')) tries.push([`${method} ${path.replace(/\{\w+\}/g, value)}` as Line, {}])
        if (/\{.*\{/.test(path))
          tries.push([`${method} ${room(path).replace(/\{\w+\}/g, value)}` as Line, {}])
        for (const { name } of (op.parameters ?? []).filter((parameter) => parameter.in === 'query'))
          tries.push([`${method} ${room(path).replace(/\{\w+\}/g, 'x')}?${name}=${value}` as Line, {}])
      }
      for (const value of values)
        tries.push([
          `${method} ${room(path).replace(/\{\w+\}/g, 'x')}` as Line,
          { json: Object.fromEntries(properties.map((name) => [name, value])) },
        ])
      const bodied = method !== 'GET' && method !== 'DELETE'
      for (const [line, asked] of tries) {
        const answer = await by(stranger, line, bodied ? { json: {}, ...asked } : {})
        if (answer.status >= 400) refusal(answer, `${line} ${JSON.stringify(asked).slice(0, 200)}`)
      }
    }
  }, 120_000)
})

describe('the live socket', () => {
  const opened = async () => {
    const socket = new WebSocket(new URL('/api/city/live', city.url.replace('http', 'ws')), {
      headers: { authorization: `Bearer ${stranger.key}` },
    })
    const frames: { type: string; code?: string; clientId?: string }[] = []
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    socket.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString())))
    socket.on('error', () => undefined)
    await new Promise((resolve) => socket.once('open', resolve))
    return { socket, frames, closed }
  }

  test('frames that say nothing are answered, and the talk goes on', async () => {
    const { socket, frames, closed } = await opened()
    const junk = ['', 'hello', '[]', 'null', '1', '{}', '{"type":"dance"}', '{"type":"subscribe"}']
    const wrong = [
      { type: 'subscribe', room: 'nowhere' },
      { type: 'subscribe', room: '\0' },
      { type: 'subscribe', room: 'square', after: -1 },
      { type: 'subscribe', room: 'square', after: 1.5 },
      { type: 'read', room: 'square', seq: 1e300 },
      { type: 'send', room: 'square', clientId: 'c1' },
      { type: 'send', room: 'square', clientId: 'c2', text: 'a\0' },
      { type: 'send', room: 'square', clientId: 'c3', text: 'x'.repeat(100_000) },
      { type: 'send', room: 'square', clientId: 'c4', text: 'x', parts: Array(50_000).fill(0) },
      { type: 'send', room: 'square', clientId: 'c5', text: 'x', replyTo: '\ud800' },
      { type: 'send', room: 'nowhere', clientId: 'c6', text: 'x' },
      { type: 'typing', room: 'nowhere' },
    ]
    const sent = [...junk, ...wrong.map((frame) => JSON.stringify(frame)), `${'['.repeat(50_000)}`]
    for (const text of sent) socket.send(text)
    await until(
      async () => frames.length,
      (count) => count >= sent.length,
      'an answer to each',
    )
    for (const frame of frames) expect(frame, JSON.stringify(frame)).toMatchObject({ type: 'error' })
    expect(frames.some(({ code }) => code === 'internal')).toBe(false)
    expect(
      frames
        .map(({ clientId }) => clientId)
        .filter(Boolean)
        .sort(),
    ).toEqual(['c1', 'c2', 'c3', 'c4', 'c5', 'c6'])
    socket.send(JSON.stringify({ type: 'subscribe', room: 'square' }))
    await until(
      async () => frames.at(-1)?.type,
      (type) => type === 'subscribed',
      'to be let in after all',
    )
    socket.close()
    await closed
  })

  test.each([
    ['a frame of bytes', (socket: WebSocket) => socket.send(Buffer.from([0, 1, 2])), 1003],
    ['a huge frame', (socket: WebSocket) => socket.send('x'.repeat(2 * MB)), 1009],
    [
      'text that is no UTF-8',
      (socket: WebSocket) => socket.send(Buffer.from([0xff, 0xfe]), { binary: false }),
      1007,
    ],
    [
      'a flood',
      (socket: WebSocket) => {
        for (let i = 0; i < 1000; i++) socket.send('{"type":"presence","state":"here"}')
      },
      4429,
    ],
  ])('%s closes it with a code', async (_what, send, code) => {
    const { socket, closed } = await opened()
    send(socket)
    expect(await closed).toBe(code)
  })
})

test('after all of it the city lives, nothing of it was a bug, and others were served meanwhile', async () => {
  const { asked, failed, worstMs, p99Ms } = await pulse.stop()
  console.log(`served meanwhile: ${asked} requests, p99 ${p99Ms} ms, worst ${worstMs} ms`)
  expect(failed).toEqual([])
  expect(asked).toBeGreaterThan(20)
  expect(
    city
      .output()
      .split('\n')
      .filter((line) => line.includes('"level":50')),
  ).toEqual([])
  expect((await ask(city.url, 'GET /health')).body).toEqual({ state: 'ok' })
  const said = await stranger.say('square', '@daarwizz ти ще тут?')
  expect((await stranger.answer('square', said.id)).text).not.toBe('')
})

/** Bytes to the city's port, and all that comes back until it is closed, or for a second. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(city.url).port), '127.0.0.1')
    let answer = ''
    const done = () => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(1000, done)
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString()
      // What is left of an answer comes at once.
      socket.setTimeout(100)
    })
    socket.on('close', done)
    socket.on('error', done)
    socket.write(bytes)
  })
}

/** The status with which an upgrade to the live socket is answered; 101 where it is let in. */
function upgrade(headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(new URL('/api/city/live', city.url.replace('http', 'ws')), { headers })
    socket.on('open', () => {
      socket.close()
      resolve(101)
    })
    socket.on('unexpected-response', (_request, response) => {
      response.destroy()
      resolve(response.statusCode ?? 0)
    })
    socket.on('error', reject)
  })
}

interface Pulse {
  stop(): Promise<{ asked: number; failed: string[]; worstMs: number; p99Ms: number }>
}

/** Another resident who asks for something small ten times a second. */
function takePulse(url: string, key: string): Pulse {
  const times: number[] = []
  const failed: string[] = []
  const stopped = new AbortController()
  const beating = (async () => {
    while (!stopped.signal.aborted) {
      const from = performance.now()
      await ask(url, 'GET /api/city/rooms/square/messages?limit=5', { key }).then(
        ({ status, text }) => status !== 200 && failed.push(`${status} ${text}`),
        (error: unknown) => failed.push(String(error)),
      )
      times.push(Math.round(performance.now() - from))
      await new Promise((done) => setTimeout(done, 100))
    }
  })()
  return {
    async stop() {
      stopped.abort()
      await beating
      const sorted = times.toSorted((a, b) => a - b)
      const worstMs = sorted.at(-1) ?? 0
      return {
        asked: times.length,
        failed,
        worstMs,
        p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? worstMs,
      }
    },
  }
}
