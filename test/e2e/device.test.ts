import { networkInterfaces } from 'node:os'
import { beforeAll, describe, expect, test } from 'vitest'
import { expectAccessible } from './accessible.ts'
import { browserThere, shoot, type Visitor } from './browser.ts'
import { messages, say } from './room.ts'
import { createScene } from './scene.ts'

/** This machine's address in its network. */
const LAN =
  Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)?.address ?? ''

describe.skipIf(!browserThere)('the city on a device', { timeout: 240_000 }, () => {
  const scene = createScene()
  let olena: Visitor

  beforeAll(async () => {
    await scene.open({ HOST: '0.0.0.0' })
    olena = await scene.enter({ size: 'phone', language: 'uk', worker: true, as: 'owner' })
  }, 240_000)

  test('what was read is there while the city is not, and what is written then is sent afterwards', async () => {
    const { page, words } = olena
    const stored = async () =>
      (await scene.owner.city.messages({ room: 'square' })).items.map(({ text }) => text)
    const kept = `(async () => {
      const cache = await caches.open('seen')
      const found = (await cache.keys()).filter(({ url }) => /\\/messages/.test(url))
      return (await Promise.all(found.map(async (key) => (await cache.match(key)).text()))).join()
    })()`
    await page.goto('/rooms/square')
    await page.evaluate('navigator.serviceWorker.ready.then(() => true)')
    // From here on the worker is in between.
    await page.reload()
    await page.getByText(words.city.empty).waitFor()
    expect(await page.evaluate('navigator.serviceWorker.controller !== null')).toBe(true)
    await say(olena, 'До грози.')
    await expect.poll(stored).toEqual(['До грози.'])
    // What came over the live line is kept as what was fetched is.
    await expect.poll(() => page.evaluate(kept)).toContain('До грози.')
    await scene.city.kill()
    await page.reload()
    await messages(olena).getByText('До грози.').waitFor()
    await say(olena, 'Під час грози.')
    await messages(olena).getByText('Під час грози.').waitFor()
    await shoot(page, 'offline-uk-phone')
    await scene.again()
    await expect.poll(stored).toEqual(['До грози.', 'Під час грози.'])
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

  test.skipIf(!LAN)(
    'over plain http from the network it says what is shut, why, and what opens it',
    async () => {
      const { page, words, complaints } = await scene.enter({
        size: 'phone',
        language: 'en',
        as: 'owner',
        host: LAN,
      })
      await page.goto('/rooms/square')
      await page.getByRole('button', { name: words.city.record }).click()
      await page.getByRole('link', { name: words.city.micWhy }).click()
      await page.getByRole('heading', { name: words.device.plain }).waitFor()
      await page.getByText(words.device.why.microphone).first().waitFor()
      expect(await page.getByRole('button', { name: words.device.installNow }).count()).toBe(0)
      await shoot(page, 'device-plain-en-phone')
      expect(complaints).toEqual([])
    },
  )

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
