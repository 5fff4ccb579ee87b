import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OWNER, type RunningCity, startCity, temporaryFolder } from '../kit/city.ts'
import { freePort } from '../kit/ports.ts'
import { expectAccessible } from './accessible.ts'
import { browserThere, openBrowser, shoot, type Visitor, visit } from './browser.ts'
import { messages, say } from './room.ts'

describe.skipIf(!browserThere)('the city on a device', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  let env: Record<string, string>
  let city: RunningCity
  let browser: Browser
  let olena: Visitor

  beforeAll(async () => {
    const { email: OWNER_EMAIL, password: OWNER_PASSWORD } = OWNER
    env = { DATA_DIR: folder.path, PORT: String(await freePort()), OWNER_EMAIL, OWNER_PASSWORD }
    ;[city, browser] = await Promise.all([startCity(env), openBrowser()])
    olena = await visit(browser, { url: city.url, size: 'phone', language: 'uk', worker: true })
    const { email, password } = OWNER
    await olena.context.request.post('/api/auth/sign-in/email', { data: { email, password } })
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await city?.stop()
    folder[Symbol.dispose]()
  }, 60_000)

  test('what was read is there while the city is not, and what is written then is sent afterwards', async () => {
    const { page } = olena
    await page.goto('/rooms/square')
    await page.evaluate('navigator.serviceWorker.ready.then(() => true)')
    // From here on the worker is in between.
    await page.reload()
    await expect.poll(() => page.evaluate('navigator.serviceWorker.controller !== null')).toBe(true)
    await say(olena, 'До грози.')
    await messages(olena).getByText('До грози.').waitFor()
    await page.reload()
    await messages(olena).getByText('До грози.').waitFor()
    await city.kill()
    await page.reload()
    await messages(olena).getByText('До грози.').waitFor()
    await say(olena, 'Під час грози.')
    await messages(olena).getByText('Під час грози.').waitFor()
    await shoot(page, 'offline-uk-phone')
    city = await startCity(env)
    await expect
      .poll(
        async () =>
          (
            (await (await olena.context.request.get('/api/city/rooms/square/messages')).json()) as {
              items: { text: string }[]
            }
          ).items.map(({ text }) => text),
        { timeout: 20_000 },
      )
      .toEqual(['До грози.', 'Під час грози.'])
  })

  test('a page says what works here, and signing out leaves nothing behind', async () => {
    const { page, words } = olena
    await page.goto('/account/device')
    await page.getByRole('heading', { name: words.device.can }).waitFor()
    await expectAccessible(page)
    await shoot(page, 'device-uk-phone')
    expect(await page.evaluate("caches.has('seen')")).toBe(true)
    await page.goto('/account')
    await page.getByRole('button', { name: words.common.signOut }).click()
    await page.waitForURL('**/sign-in**')
    expect(await page.evaluate("caches.has('seen')")).toBe(false)
  })

  test('it can be installed: its manifest and pictures are there', async () => {
    const { request } = olena.context
    const manifest = (await (await request.get('/manifest.webmanifest')).json()) as {
      icons: { src: string; type: string }[]
    }
    expect(manifest.icons.length).toBeGreaterThan(2)
    for (const { src, type } of manifest.icons) {
      const icon = await request.get(src)
      expect([icon.status(), icon.headers()['content-type']], src).toEqual([200, type])
    }
    expect((await request.get('/manifest.webmanifest')).headers()['content-type']).toContain('manifest+json')
    expect((await request.get('/service-worker.js')).headers()['cache-control']).toBe('no-cache')
  })
})
