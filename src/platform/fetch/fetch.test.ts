import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { insideAddresses } from '../../../test/kit/inside-addresses.ts'
import { AppError } from '../../kernel/errors.ts'
import { isPublicAddress } from './addresses.ts'
import { createSafeFetch, type SafeFetch } from './fetch.ts'
import type { Address, Resolve } from './resolve.ts'

/** The canary stands on 127.0.0.1 and ::1, where nobody may come; the open internet is played by 127.0.0.2. */
const SITE = '127.0.0.2'
const seen: IncomingMessage[] = []
let hits = 0
let port = 0
let routes: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {}
const canary = createServer((_, response) => {
  hits++
  response.end('secret')
})
const canary6 = createServer((_, response) => {
  hits++
  response.end('secret')
})
const site = createServer((request, response) => {
  seen.push(request)
  const route = routes[request.url ?? '']
  if (route) route(request, response)
  else response.writeHead(404).end()
})

/** Names and what they answer, call by call; the last answer stands. */
let names: Record<string, string[][]> = {}
let asked: string[] = []
const resolve: Resolve = async (name) => {
  asked.push(name)
  const answers = names[name] ?? []
  const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? []
  return answer.map((address): Address => ({ address, family: address.includes(':') ? 6 : 4 }))
}

let open: SafeFetch
beforeAll(async () => {
  await new Promise<void>((ready) => canary.listen(0, '127.0.0.1', ready))
  port = (canary.address() as AddressInfo).port
  await new Promise<void>((ready) => canary6.listen(port, '::1', ready))
  await new Promise<void>((ready) => site.listen(port, SITE, ready))
  open = createSafeFetch({
    ports: [80, 443, port],
    resolve,
    isPublic: (address) => address === SITE || isPublicAddress(address),
  })
})
afterAll(() => {
  for (const server of [canary, canary6, site]) {
    server.closeAllConnections()
    server.close()
  }
})

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
    return 'opened'
  } catch (failure) {
    return failure instanceof AppError ? failure.code : String(failure)
  }
}

describe('hostile addresses', () => {
  it('never reach what is inside, in any spelling', async () => {
    names = {
      'inside.org': [['127.0.0.1']],
      'inside6.org': [['::1']],
      'mapped.org': [['::ffff:127.0.0.1']],
      'metadata.org': [['169.254.169.254']],
      'nowhere.org': [[]],
      'localhost.evil.org': [['127.0.0.1']],
    }
    const refused = insideAddresses(port).filter((address) => address !== '')
    expect(refused.length).toBeGreaterThanOrEqual(80)
    for (const address of refused)
      expect([address, await codeOf(open(address, { timeoutMs: 2000 }))]).toEqual([
        address,
        expect.stringMatching(/^fetch\.(?:url_invalid|not_public|port_refused)$/),
      ])
    expect(hits).toBe(0)
  })

  it('are told apart from names that are not there by nothing', async () => {
    names = { 'inside.org': [['10.0.0.1']], 'nowhere.org': [[]] }
    const failures = await Promise.all(
      ['inside.org', 'nowhere.org'].map((host) =>
        open(`http://${host}:${port}/`).catch((failure: AppError) => [
          failure.code,
          failure.kind,
          failure.params,
        ]),
      ),
    )
    expect(failures).toEqual([
      ['fetch.not_public', 'invalid', { host: 'inside.org' }],
      ['fetch.not_public', 'invalid', { host: 'nowhere.org' }],
    ])
  })

  it('are not reached by redirects, however they are spelled', async () => {
    names = { 'site.org': [[SITE]], 'inside.org': [['127.0.0.1']] }
    const targets = [
      `http://127.0.0.1:${port}/`,
      `//127.0.0.1:${port}/`,
      `http://[::1]:${port}/`,
      `http://0x7f.1:${port}/`,
      `http://inside.org:${port}/`,
      `http://me:pass@site.org:${port}/ok`,
      'file:///etc/passwd',
      'gopher://127.0.0.1:70/_x',
      'data:text/html,x',
      'javascript:alert(1)',
      'http://site.org:22/',
    ]
    for (const [i, location] of targets.entries()) {
      routes[`/to${i}`] = (_, response) => response.writeHead(302, { location }).end()
      routes[`/twice${i}`] = (_, response) => response.writeHead(307, { location: `/to${i}` }).end()
      for (const path of [`/to${i}`, `/twice${i}`])
        expect(await codeOf(open(`http://site.org:${port}${path}`))).toMatch(
          /^fetch\.(?:url_invalid|not_public|port_refused)$/,
        )
    }
    expect(hits).toBe(0)
  })

  it('are not reached by names that change: the address that was checked is the one connected to', async () => {
    names = { 'rebind.org': [[SITE], ['127.0.0.1']], 'mixed.org': [['127.0.0.1', SITE, '::1']] }
    routes = {
      '/a': (_, response) => response.end('outside'),
      '/away': (_, response) => response.writeHead(302, { location: `http://rebind.org:${port}/a` }).end(),
    }
    asked = []
    const first = await open(`http://rebind.org:${port}/a`)
    expect(Buffer.from(first.bytes).toString()).toBe('outside')
    expect(asked).toEqual(['rebind.org'])
    expect(await codeOf(open(`http://rebind.org:${port}/a`))).toBe('fetch.not_public')
    names['rebind.org'] = [[SITE], ['127.0.0.1']]
    expect(await codeOf(open(`http://rebind.org:${port}/away`))).toBe('fetch.not_public')
    expect(Buffer.from((await open(`http://mixed.org:${port}/a`)).bytes).toString()).toBe('outside')
    expect(hits).toBe(0)
  })
})

describe('what is opened', () => {
  it('comes unpacked, with its kind by its bytes, and without a trace of who asks', async () => {
    names = { 'site.org': [[SITE]], 'other.org': [[SITE]] }
    const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')
    routes = {
      '/gzip': (_, response) =>
        response
          .writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-encoding': 'gzip' })
          .end(gzipSync('<p>так')),
      '/br': (_, response) =>
        response.writeHead(200, { 'content-encoding': 'br' }).end(brotliCompressSync('brr')),
      '/liar': (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(png),
      '/cookie': (_, response) =>
        response.writeHead(302, { 'set-cookie': 'a=1', location: `http://other.org:${port}/gzip` }).end(),
      '/missing': (_, response) => response.writeHead(410).end('gone'),
    }
    const page = await open(`http://site.org:${port}/gzip#part`, { types: ['text/html'] })
    expect([page.mime, page.status, Buffer.from(page.bytes).toString()]).toEqual(['text/html', 200, '<p>так'])
    expect(Buffer.from((await open(`http://site.org:${port}/br`)).bytes).toString()).toBe('brr')
    expect((await open(`http://site.org:${port}/liar`)).mime).toBe('image/png')
    expect(await codeOf(open(`http://site.org:${port}/liar`, { types: ['text/html'] }))).toBe(
      'fetch.unexpected_type',
    )
    expect((await open(`http://site.org:${port}/missing`, { types: ['text/html'] })).status).toBe(410)
    seen.length = 0
    const headers = { authorization: 'Bearer x', cookie: 'b=2', 'accept-language': 'uk', host: 'inside' }
    expect((await open(`http://site.org:${port}/cookie`, { headers })).url).toBe(
      `http://other.org:${port}/gzip`,
    )
    expect(
      seen.map(({ headers: got }) => [got.host, got.authorization, got.cookie, got['accept-language']]),
    ).toEqual([
      [`site.org:${port}`, 'Bearer x', undefined, 'uk'],
      [`other.org:${port}`, undefined, undefined, 'uk'],
    ])
    expect(seen[0]?.headers['user-agent']).toMatch(/^DAARION/)
  })

  it('is bounded: bombs, endless bodies, slow ones, loops and nonsense end soon', async () => {
    names = { 'site.org': [[SITE]] }
    const bomb = gzipSync(Buffer.alloc(30_000_000))
    routes = {
      '/bomb': (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
      '/bombs': (_, response) =>
        response.writeHead(200, { 'content-encoding': 'gzip, gzip' }).end(gzipSync(bomb)),
      '/cut': (_, response) =>
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb.subarray(0, bomb.length / 2)),
      '/endless': (_, response) => {
        const more = () => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536))) void 0
        }
        response.on('drain', more)
        more()
      },
      '/slow': (_, response) => {
        const drop = setInterval(() => response.write('x'), 20)
        response.on('close', () => clearInterval(drop))
      },
      '/silent': () => undefined,
      '/loop': (_, response) => response.writeHead(302, { location: '/loop' }).end(),
      '/huge-headers': (_, response) => response.writeHead(200, { x: 'y'.repeat(40_000) }).end(),
      '/nonsense': (_, response) => response.socket?.end('SSH-2.0-OpenSSH\r\n'),
    }
    const at = (path: string, timeoutMs = 5000, maxBytes?: number) =>
      codeOf(open(`http://site.org:${port}${path}`, { timeoutMs, ...(maxBytes && { maxBytes }) }))
    expect(await at('/bomb')).toBe('fetch.too_large')
    expect(await at('/bombs')).toBe('fetch.broken')
    expect(await at('/cut', 5000, 100_000_000)).toBe('fetch.broken')
    expect(await at('/endless')).toBe('fetch.too_large')
    expect(await at('/slow', 150)).toBe('call.timeout')
    expect(await at('/silent', 150)).toBe('call.timeout')
    expect(await at('/loop')).toBe('fetch.too_many_redirects')
    expect(await at('/huge-headers')).toBe('fetch.broken')
    expect(await at('/nonsense')).toBe('fetch.broken')
    const gone = new AbortController()
    const waiting = codeOf(open(`http://site.org:${port}/silent`, { signal: gone.signal }))
    gone.abort()
    expect(await waiting).toBe('call.cancelled')
    expect(await codeOf(open('http://site.org:9/'))).toBe('fetch.port_refused')
  })

  it('may be internal where the operator named its origin, and only that', async () => {
    const trusting = createSafeFetch({ internal: [`http://127.0.0.1:${port}`], resolve })
    const before = hits
    expect(Buffer.from((await trusting(`http://127.0.0.1:${port}/x`)).bytes).toString()).toBe('secret')
    expect(hits).toBe(before + 1)
    expect(await codeOf(trusting(`http://[::1]:${port}/x`))).toBe('fetch.not_public')
    expect(await codeOf(trusting('http://127.0.0.1/x'))).toBe('fetch.not_public')
    hits = 0
  })
})
