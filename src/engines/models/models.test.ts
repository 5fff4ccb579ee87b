import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { MODELS, type Model, modelBytes } from './models.table.ts'
import { createModels, type ModelProgress, type ModelsOptions } from './models.ts'
import { buildSource, hubSource, mirrorSource } from './sources.ts'

const content = new Map([
  ['config.json', Buffer.from('{"a":1}')],
  ['onnx/model.onnx', randomBytes(600_000)],
])
const model: Model = {
  name: 'tiny',
  engine: 'stt',
  what: 'A model for tests',
  licence: 'MIT',
  copyright: 'nobody',
  hub: 'city/tiny',
  built: true,
  files: [...content].map(([path, bytes]) => ({
    path,
    sizeBytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  })),
}
const total = modelBytes(model)

let dir: string
let server: Server
let url: string
let asked: { method: string; url: string; range: string | undefined }[]
let serve: (request: IncomingMessage, response: ServerResponse) => void
const naps: number[] = []
/** Does not wait between tries; a guard against silence never strikes. */
const clock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    ms === 30_000
      ? new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
      : Promise.resolve(void naps.push(ms)),
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'daarion-models-'))
  asked = []
  naps.length = 0
  serve = whole
  server = createServer((request, response) => {
    asked.push({ method: request.method ?? '', url: request.url ?? '', range: request.headers.range })
    serve(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
})
afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await rm(dir, { recursive: true, force: true })
})

const bytesFor = (request: IncomingMessage): Buffer | undefined =>
  [...content].find(([path]) => request.url?.endsWith(`/${path}`))?.[1]

/** A server that knows ranges. */
function whole(request: IncomingMessage, response: ServerResponse, bytes = bytesFor(request)): void {
  if (!bytes) return void response.writeHead(404).end()
  const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
  const range = { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }
  response.writeHead(from > 0 ? 206 : 200, { 'content-length': bytes.length - from, ...(from > 0 && range) })
  response.end(request.method === 'HEAD' ? undefined : bytes.subarray(from))
}

/** Hangs up after `after` bytes of each answer, once they have reached the disk: what a broken line takes with it is chance. */
const breakingOff =
  (after: number) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    const bytes = bytesFor(request) ?? Buffer.alloc(0)
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const range = { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': bytes.length - from,
      ...(from > 0 && range),
    })
    if (bytes.length - from <= after) return void response.end(bytes.subarray(from))
    response.write(bytes.subarray(from, from + after))
    const part = join(dir, 'tiny/onnx/model.onnx.part')
    const arrived = async () => (await stat(part).catch(() => null))?.size === from + after
    void expect
      .poll(arrived, { timeout: 10_000 })
      .toBe(true)
      .then(() => response.destroy())
  }

const open = (options: Partial<ModelsOptions> = {}) =>
  createModels({ dir, clock, table: [model], sources: [mirrorSource(url)], ...options })

const failure = (promise: Promise<unknown>): Promise<AppError> =>
  promise.then(
    () => expect.fail('should have failed'),
    (error: unknown) => (error instanceof AppError ? error : expect.fail(`no AppError: ${error}`)),
  )

async function expectInPlace(): Promise<void> {
  for (const [path, bytes] of content)
    expect(bytes.equals(await readFile(join(dir, 'tiny', path)))).toBe(true)
  const left = await readdir(dir, { recursive: true })
  expect(left.filter((name) => name.includes('.part') || name.includes('.build'))).toEqual([])
}

test('what is missing says how large it is and what brings it, and is seen as soon as it is there', async () => {
  const models = open()
  expect(await models.state('tiny')).toBe('missing')
  expect(await models.missing('tiny')).toMatchObject({
    code: 'engine.model_missing',
    params: { model: 'tiny', size: '1 MB', command: 'npm run models -- pull tiny' },
  })
  for (const [path, bytes] of content) {
    await mkdir(dirname(join(dir, 'tiny', path)), { recursive: true })
    await writeFile(join(dir, 'tiny', path), bytes)
  }
  expect(await models.missing('tiny')).toBeNull()
  expect(await models.list()).toMatchObject([
    { name: 'tiny', state: 'ready', sizeBytes: total, licence: 'MIT' },
  ])
  expect(await failure(models.state('other'))).toMatchObject({ code: 'models.unknown' })
})

test('pulls from a mirror over HTTP, with progress in bytes; a second pull has nothing to do', async () => {
  const models = open()
  const seen: ModelProgress[] = []
  const pull = models.pull('tiny', { onProgress: (progress) => seen.push(progress) })
  expect(await models.state('tiny')).toBe('pulling')
  expect(await pull).toEqual({ source: 'mirror' })
  await expectInPlace()
  expect(seen.at(-1)).toEqual({ model: 'tiny', receivedBytes: total, totalBytes: total, source: 'mirror' })
  expect(seen.every(({ receivedBytes }, n) => receivedBytes >= (seen[n - 1]?.receivedBytes ?? 0))).toBe(true)
  expect(await models.state('tiny')).toBe('ready')
  expect(await models.pull('tiny')).toEqual({ source: null })
  expect(asked).toHaveLength(2)
})

test('a line that breaks off is taken up where it broke', async () => {
  serve = breakingOff(250_000)
  await open().pull('tiny')
  await expectInPlace()
  const ranges = asked.filter((one) => one.url.endsWith('.onnx')).map((one) => one.range)
  expect(ranges).toEqual([undefined, 'bytes=250000-', 'bytes=500000-'])
  expect(naps).toEqual([1000, 2000])
})

test('a line that never holds is given up, and what came is kept for the next pull', async () => {
  serve = (request, response) =>
    request.url?.endsWith('.onnx') ? breakingOff(50_000)(request, response) : whole(request, response)
  const error = await failure(open().pull('tiny'))
  expect(error).toMatchObject({ code: 'models.not_fetched', retryable: true })
  expect(error.params.reasons).toContain('broke off')
  expect((await stat(join(dir, 'tiny/onnx/model.onnx.part'))).size).toBe(300_000)
  asked = []
  serve = whole
  await open().pull('tiny')
  expect(asked).toMatchObject([{ range: 'bytes=300000-' }])
  await expectInPlace()
})

test('a server without ranges is asked for the whole again', async () => {
  let first = true
  serve = (request, response) => {
    if (request.url?.endsWith('.onnx') && first) {
      first = false
      return breakingOff(100_000)(request, response)
    }
    response.end(bytesFor(request))
  }
  await open().pull('tiny')
  await expectInPlace()
})

test('a damaged file is never put in place', async () => {
  const bad = Buffer.from(content.get('onnx/model.onnx') ?? '')
  bad[300_000] = (bad[300_000] ?? 0) ^ 1
  serve = (request, response) =>
    whole(request, response, request.url?.endsWith('.onnx') ? bad : bytesFor(request))
  const error = await failure(open().pull('tiny'))
  expect(error.params.reasons).toContain('another checksum')
  expect(await open().state('tiny')).toBe('missing')
  expect(await readdir(join(dir, 'tiny/onnx'))).toEqual([])
})

test('a damaged part is found out and fetched anew', async () => {
  await mkdir(join(dir, 'tiny/onnx'), { recursive: true })
  await writeFile(join(dir, 'tiny/onnx/model.onnx.part'), randomBytes(200_000))
  await open().pull('tiny')
  await expectInPlace()
  expect(asked.filter((one) => one.url.endsWith('.onnx')).map((one) => one.range)).toEqual([
    'bytes=200000-',
    undefined,
  ])
})

test('verify reads every byte; pull mends what it finds', async () => {
  const models = open()
  await models.pull('tiny')
  const path = join(dir, 'tiny/onnx/model.onnx')
  const bytes = await readFile(path)
  bytes[5] = (bytes[5] ?? 0) ^ 1
  await writeFile(path, bytes)
  expect(await models.state('tiny')).toBe('ready')
  expect(await models.verify('tiny')).toEqual([
    { path: 'config.json', state: 'ok' },
    { path: 'onnx/model.onnx', state: 'wrong' },
  ])
  await writeFile(path, bytes.subarray(10))
  expect(await models.state('tiny')).toBe('broken')
  asked = []
  await models.pull('tiny')
  expect(asked).toHaveLength(1)
  await expectInPlace()
})

test('pulls of the same model share one; it goes on until all have left', async () => {
  const models = open()
  let hold: ServerResponse | undefined
  let gone = false
  serve = (request, response) => {
    if (!request.url?.endsWith('.onnx')) return whole(request, response)
    hold = response
    response.on('close', () => {
      gone = true
    })
    response.writeHead(200).write(content.get('onnx/model.onnx')?.subarray(0, 1000))
  }
  const [first, second] = [new AbortController(), new AbortController()]
  const seen: number[] = []
  const pulls = [
    failure(models.pull('tiny', { signal: first.signal })),
    failure(
      models.pull('tiny', {
        signal: second.signal,
        onProgress: ({ receivedBytes }) => seen.push(receivedBytes),
      }),
    ),
  ]
  await expect.poll(() => seen.at(-1)).toBeGreaterThanOrEqual(1000)
  first.abort()
  expect(await pulls[0]).toMatchObject({ code: 'call.cancelled' })
  expect(gone).toBe(false)
  expect(asked).toHaveLength(2)
  expect(hold).toBeDefined()
  second.abort()
  expect(await pulls[1]).toMatchObject({ code: 'call.cancelled' })
  await expect.poll(() => gone).toBe(true)
  serve = whole
  expect(await models.pull('tiny')).toEqual({ source: 'mirror' })
  await expectInPlace()
})

describe('sources', () => {
  test('a folder', async () => {
    const mirror = await mkdtemp(join(tmpdir(), 'daarion-mirror-'))
    await open({ sources: [mirrorSource(url)], dir: mirror }).pull('tiny')
    expect(await open({ sources: [mirrorSource(mirror)] }).pull('tiny')).toEqual({ source: 'mirror' })
    await expectInPlace()
    await rm(mirror, { recursive: true })
  })

  test('the next is asked for what the first does not have', async () => {
    const models = open({ sources: [mirrorSource('/nowhere'), mirrorSource(`${url}/gone-not`)] })
    serve = (request, response) =>
      request.url?.startsWith('/gone-not/tiny/') ? whole(request, response) : response.writeHead(404).end()
    await models.pull('tiny')
    await expectInPlace()
  })

  test('the hub, where its files are these', async () => {
    serve = (request, response) => {
      const file = model.files.find(({ path }) => request.url === `/city/tiny/resolve/main/${path}`)
      if (!file) return void response.writeHead(404).end()
      if (request.method !== 'HEAD') return whole(request, response)
      response
        .writeHead(302, {
          location: '/elsewhere',
          'x-linked-size': file.sizeBytes,
          'x-linked-etag': `"${file.sha256}"`,
        })
        .end()
    }
    expect(await open({ sources: [hubSource(url)] }).pull('tiny')).toEqual({ source: 'hub' })
    await expectInPlace()
  })

  test('the hub’s other build of a model is not fetched at all', async () => {
    serve = (_, response) =>
      response.writeHead(302, { 'x-linked-size': '600000', 'x-linked-etag': `"${'0'.repeat(64)}"` }).end()
    const error = await failure(open({ sources: [hubSource(url)] }).pull('tiny'))
    expect(error.params.reasons).toContain('another build')
    expect(asked.map(({ method }) => method)).toEqual(['HEAD'])
  })

  test('a build from the project’s own script, and why it failed', async () => {
    const script = join(dir, 'build.sh')
    await open({ dir: join(dir, 'made') }).pull('tiny')
    await writeFile(script, `cp -r '${join(dir, 'made')}/.' "$1"; rm "$1/tiny/LICENSE" 2>/dev/null; exit 0`)
    await chmod(script, 0o755)
    expect(await open({ sources: [buildSource(script)] }).pull('tiny')).toEqual({ source: 'build' })
    await expectInPlace()
    await rm(join(dir, 'tiny'), { recursive: true })
    await writeFile(script, 'echo "python3 is too old" >&2; exit 3')
    const error = await failure(
      open({ sources: [mirrorSource('/nowhere'), buildSource(script)] }).pull('tiny'),
    )
    expect(error.params.reasons).toMatch(/^mirror: .*; build: python3 is too old$/)
  })
})

test('an optional model is listed where a setting names it, or once it is being here; it is fetched at its revision', async () => {
  const table = [{ ...model, optional: true, revision: 'abc123' }]
  const names = async (wanted: readonly string[]) =>
    (await open({ table, wanted }).list()).map(({ name }) => name)
  expect(await names([])).toEqual([])
  expect(await names(['tiny'])).toEqual(['tiny'])
  serve = (request, response) => {
    const file = model.files.find(({ path }) => request.url === `/city/tiny/resolve/abc123/${path}`)
    if (!file) return void response.writeHead(404).end()
    if (request.method !== 'HEAD') return whole(request, response)
    response.writeHead(200, { 'content-length': file.sizeBytes }).end()
  }
  await open({ table, sources: [hubSource(url)] }).pull('tiny')
  expect(await names([])).toEqual(['tiny'])
})

test('the voice model is there after npm ci', async () => {
  const models = createModels({ dir, clock })
  expect(await models.state('silero-vad-v6')).toBe('ready')
  expect(await models.verify('silero-vad-v6')).toEqual([{ path: 'silero_vad_v6.onnx', state: 'ok' }])
  expect(await models.pull('silero-vad-v6')).toEqual({ source: null })
})

const { MODELS_DIR } = process.env
test.skipIf(!MODELS_DIR).each(MODELS.filter(({ optional }) => !optional).map(({ name }) => name))(
  '%s: the files at hand are those of the table',
  async (name) => {
    const found = await createModels({ dir: MODELS_DIR ?? '', clock }).verify(name)
    expect(found.filter(({ state }) => state !== 'ok')).toEqual([])
  },
)
