import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, ask, form, refusal } from './kit/ask.ts'
import { BAD, docx, text, zip } from './kit/bad-files.ts'
import { type RunningCity, startCity, temporaryFolder } from './kit/city.ts'
import { firstOwner, newcomer, type Resident, until } from './kit/resident.ts'
import { BAD_NAMES, type BadFile, badFiles } from './uploads/bad.ts'
import type { Sent } from './uploads/bases.ts'
import { abuse, begun, byTus, endTus, halfSaid, TUS_ABUSE } from './uploads/doors.ts'
import { goodFiles } from './uploads/good.ts'

const { FIXTURES_DIR = '' } = process.env
/** So many are sent at the same time. */
const AT_ONCE = 4
/** Some reader here takes these in, where their name does not say that they are something else. */
const OTHERWISE = /^(zip|a|page|letter|logo|long|cut|nul)\.(docx|zip|txt|html|rtf|svg|png|doc)$/
/** What a browser may show in its own window: nothing of it can run. */
const SHOWN = /^(image\/(png|jpeg|webp|gif|tiff|avif)|(audio|video)\/[\w.+-]+|application\/(pdf|ogg))$/

describe.skipIf(!FIXTURES_DIR)('what people and attackers upload', { timeout: 240_000 }, () => {
  const folder = temporaryFolder()
  let city: RunningCity
  let owner: Resident
  let resident: Resident
  let me: string
  let good: readonly Sent[]
  let bad: readonly BadFile[]
  /** What stands on the disk because somebody's file is it. */
  const kept = new Set<string>()

  beforeAll(async () => {
    city = await startCity({ DATA_DIR: join(folder.path, 'data') })
    owner = await firstOwner(city)
    resident = await newcomer(owner, 'Марта')
    me = (await resident.auth.me({})).id
    good = await goodFiles(FIXTURES_DIR)
    bad = badFiles(good)
  }, 240_000)
  afterAll(async () => {
    await city?.stop()
    folder[Symbol.dispose]()
  }, 30_000)

  const by = (line: Parameters<typeof ask>[1], asked: Parameters<typeof ask>[2] = {}) =>
    ask(city.url, line, { key: resident.key, ...asked })
  const send = ({ name, bytes }: Sent, door: '/api/city/files' | (string & {}) = '/api/city/files') =>
    by(`POST ${door}`, { body: form(bytes, name) })
  /** Everything that is wrong with what came back, each with the case. */
  async function each<T>(all: readonly T[], judge: (one: T) => Promise<unknown>, about: (one: T) => string) {
    const faults: string[] = []
    let next = 0
    const work = async () => {
      for (let one = all[next++]; one !== undefined; one = all[next++]) {
        const case_ = one
        await judge(case_).catch((fault: unknown) => faults.push(`${about(case_)}: ${String(fault)}`))
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    expect(faults).toEqual([])
  }
  const blobs = (): string[] =>
    readdirSync(join(folder.path, 'data/files'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)

  /** Given out so that nothing in it runs, whatever it is. */
  async function harmless({ body }: Answer, sent: Sent): Promise<void> {
    kept.add(body.sha256)
    const back = await by(`GET /api/city/files/${body.id}`)
    expect(back.status).toBe(200)
    const { headers } = back
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
    const type = headers.get('content-type')?.split(';')[0] ?? ''
    const how = headers.get('content-disposition') ?? ''
    expect(how, sent.name).toMatch(
      /^(inline|attachment); filename="[\x20-\x7e]*"; filename\*=UTF-8''[\w.~!$&+^`|%-]+$/,
    )
    if (!SHOWN.test(type)) expect(how, type).toMatch(/^attachment/)
    expect(body.name).not.toMatch(/[/\\<>:"|?*\p{Cc}\p{Cf}]/u)
    expect(body.name.length).toBeLessThanOrEqual(200)
  }
  const judge = async (sent: BadFile): Promise<void> => {
    const answer = await send(sent)
    if (answer.status === 201 && sent.verdict === 'harmless') return await harmless(answer, sent)
    refusal(answer, sent.name)
  }

  test('at least a hundred good ones are taken, each as what it is', async () => {
    expect(good.length).toBeGreaterThanOrEqual(100)
    await each(
      good,
      async (sent) => {
        const answer = await send(sent)
        expect([answer.status, answer.text]).toEqual([201, expect.stringContaining('"id"')])
        await harmless(answer, sent)
        expect(answer.body.name).toBe(sent.name)
      },
      ({ name }) => name,
    )
  })

  test('at least 250 bad ones are refused, or kept so that nothing in them runs', async () => {
    expect(bad.length).toBeGreaterThanOrEqual(250)
    await each(bad, judge, ({ name, bytes, verdict }) => `${name} of ${bytes.length} bytes, ${verdict}`)
  })

  test('names that lead elsewhere, hide or turn around are made plain', async () => {
    const words = (n: number) => text(`words under a name, ${n}`)
    await each(
      BAD_NAMES.map((name, n) => ({ name, bytes: words(n), verdict: 'harmless' as const })),
      judge,
      ({ name }) => JSON.stringify(name.slice(0, 60)),
    )
  })

  test('the doors of the gateway refuse the same', async () => {
    const door = (name: string) =>
      /\.(ogg|wav|mp4|webm|flac|mp3)$/.test(name)
        ? '/v1/audio/transcriptions'
        : /\.(png|jpg|gif|webp|tiff)$/.test(name)
          ? '/api/multimodal/ocr'
          : '/api/multimodal/parse'
    // What is read to its end takes an engine; what is refused, none.
    const refused = bad.filter(({ verdict }) => verdict === 'refused').filter((_, n) => n % 2 === 0)
    await each(
      refused,
      async (sent) => refusal(await send(sent, door(sent.name)), sent.name),
      ({ name }) => name,
    )
  })

  test('what comes in pieces is judged alike once it is whole', async () => {
    const cases = BAD.filter(({ name }) => !/^(hours|bomb|lying|many|long)\./.test(name))
    await each(
      cases,
      async ({ bytes, code, name }) => {
        const answer = await byTus(city.url, resident.key, await bytes())
        if (answer.status === 201 && OTHERWISE.test(name))
          return await harmless(answer, { name, bytes: text('') })
        const told = refusal(answer, name)
        // In pieces it is called a.txt, so what it says it is may differ.
        if (!['file.wrong_type', 'file.unsupported', 'file.unreadable'].includes(code))
          expect(['file.unsupported', 'file.wrong_type', code]).toContain(told)
      },
      ({ name }) => name,
    )
  })

  test('the protocol of pieces, abused', async () => {
    for (const one of TUS_ABUSE) {
      const { status, text: said } = await abuse(city.url, one, { key: resident.key, me })
      expect([status >= 400 && status < 500, one.about, status, said]).toEqual([
        true,
        one.about,
        status,
        said,
      ])
      if (one.method !== 'HEAD' && said !== '') expect(said, one.about).toMatch(/"code":"[a-z]+\.[a-z_]+"/)
    }
    const mine = await begun(city.url, resident.key)
    expect(refusal(await by(`POST ${mine}/file` as 'POST /', { json: {} }))).toBe('city.upload_incomplete')
    for (const method of ['HEAD', 'DELETE'] as const)
      expect(
        (await ask(city.url, `${method} ${mine}`, { key: owner.key, headers: { 'tus-resumable': '1.0.0' } }))
          .status,
      ).toBe(404)
    const longer = await by(`PATCH ${mine}` as 'PATCH /', {
      headers: {
        ...{ 'tus-resumable': '1.0.0', 'upload-offset': '0' },
        'content-type': 'application/offset+octet-stream',
      },
      body: 'x'.repeat(5000),
    })
    expect(longer.status).toBeGreaterThanOrEqual(400)
    expect(longer.status).toBeLessThan(500)
    expect((await endTus(city.url, resident.key, mine)).status).toBe(204)
    // Nobody fills the folder with what they never finish.
    const many = await Promise.all(
      Array.from({ length: 60 }, () => begun(city.url, owner.key).catch(() => '')),
    )
    const full = await ask(city.url, 'POST /api/city/uploads', {
      key: owner.key,
      headers: { 'tus-resumable': '1.0.0', 'upload-length': '10' },
    })
    expect(refusal(full)).toBe('city.uploads_open')
    expect(many.length).toBe(60)
  })

  test('a file is a room’s picture only where it is a picture one may use', async () => {
    const { id: room } = await resident.city.openRoom({ name: 'Картина' })
    const words = await send({ name: 'a.txt', bytes: text('no picture') })
    kept.add(words.body.sha256)
    const theirs = await ask(city.url, 'POST /api/city/files', {
      key: owner.key,
      body: form(good.find(({ name }) => name === 'plain.png')?.bytes ?? text(''), 'mine.png'),
    })
    for (const picture of [words.body.id, theirs.body.id, 'file_x', '../x', ''])
      refusal(await by(`PATCH /api/city/rooms/${room}`, { json: { picture } }), picture)
  })

  test('archives of elsewhere that are none, lie or lead out', async () => {
    const archives: readonly (readonly [string, Uint8Array])[] = [
      ['empty.zip', text('')],
      ['words.json', text('not json')],
      ['deep.json', text('['.repeat(200_000))],
      ['null.json', text('null')],
      ['nothing.zip', zip([])],
      ['out.zip', zip([{ name: '../../../etc/cron.d/x', content: text('x') }])],
      ['lying.zip', zip([{ name: 'channels.json', content: text('['.repeat(9)), claimed: 2 ** 31 }])],
      ['bomb.zip', zip([{ name: 'users.json', content: new Uint8Array(30 << 20) }])],
      ['letter.zip', docx()],
    ]
    for (const [name, bytes] of archives) {
      const asked = await ask(city.url, 'POST /api/city/imports', { key: owner.key, body: form(bytes, name) })
      if (asked.status !== 202) {
        refusal(asked, name)
        continue
      }
      const over = await until(
        () => owner.city.import({ import: asked.body.id }),
        ({ state }) => state === 'done' || state === 'failed',
        `${name} to be over`,
        60_000,
      )
      expect([name, over.state, over.error?.code]).toEqual([
        name,
        'failed',
        expect.stringMatching(/^transfer\./),
      ])
    }
    refusal(await send({ name: 'a.zip', bytes: text('{}') }, '/api/city/imports'), 'by a resident')
  })

  test('requests that never end hold up nobody, and leave nothing', async () => {
    const lines = ['/api/city/files', '/v1/audio/transcriptions', '/api/multimodal/parse'].flatMap((door) =>
      Array.from({ length: 10 }, () => halfSaid(city.url, resident.key, door)),
    )
    const sent = await send({ name: 'meanwhile.txt', bytes: text('meanwhile') })
    expect(sent.status).toBe(201)
    kept.add(sent.body.sha256)
    for (const line of lines) line.end()
  })

  test('nothing of what was refused is left, and the city stands', async () => {
    const mine = async () => blobs().filter((blob) => !kept.has(blob))
    // The owner's picture is the only other.
    await until(mine, (left) => left.length <= 1, 'the rest to be swept away', 60_000)
    expect((await ask(city.url, 'GET /health')).status).toBe(200)
    // Every failure that it noted is one that has a name.
    expect(city.output()).not.toMatch(/"code":"internal"|Something broke|unhandled|heap/i)
  })
})
