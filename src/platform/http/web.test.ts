import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { serveWeb } from './web.ts'

test('a build that is laid under a running city is served, and a piece that is gone is missing, never the page', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'web-'))
  mkdirSync(join(folder, 'assets'))
  const lay = (name: string, text: string) => writeFileSync(join(folder, name), text)
  lay('index.html', 'first')
  lay('assets/room-1.js', 'one')
  lay('assets/room-1.js.br', 'one, small')
  const app = Fastify()
  try {
    await serveWeb(app, folder)
    const get = (url: string, encoding = '') => app.inject({ url, headers: { 'accept-encoding': encoding } })
    expect((await get('/assets/room-1.js', 'br')).body).toBe('one, small')
    lay('index.html', 'second')
    lay('assets/room-2.js', 'two')
    rmSync(join(folder, 'assets/room-1.js'))
    expect((await get('/rooms/square')).body).toBe('second')
    const piece = await get('/assets/room-2.js')
    expect([piece.statusCode, piece.body]).toEqual([200, 'two'])
    expect(piece.headers['cache-control']).toContain('immutable')
    expect((await get('/assets/room-1.js')).statusCode).toBe(404)
    expect((await get('/assets/../index.html')).body).not.toContain('one')
    expect((await get('/index.html')).headers['cache-control']).toBe('no-cache')
  } finally {
    await app.close()
    rmSync(folder, { recursive: true })
  }
})
