import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { OWNER, type RunningCity, startCity, temporaryFolder } from '../kit/city.ts'
import { firstOwner } from '../kit/resident.ts'
import { startWikipedia, type WikipediaServer } from '../kit/wikipedia-server.ts'
import { expectAccessible } from './accessible.ts'
import { browserThere, freePort, openBrowser, said, shoot, type Visitor, visit } from './browser.ts'
import { messages, say } from './room.ts'

describe.skipIf(!browserThere)('finding', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  let wikipedia: WikipediaServer
  let city: RunningCity
  let browser: Browser
  let wide: Visitor
  let phone: Visitor

  beforeAll(async () => {
    wikipedia = await startWikipedia()
    const PORT = String(await freePort())
    ;[city, browser] = await Promise.all([
      startCity({ PORT, DATA_DIR: folder.path, CITY_NAME: 'Надріччя', WEB_SEARCH_URL: wikipedia.url }),
      openBrowser(),
    ])
    const owner = await firstOwner(city)
    const posted = await owner.send('square', {
      clientId: 'a',
      text: 'Нові кімнати відкриті, а кабель у них старий',
    })
    expect(posted.status).toBe(201)
    wide = await visit(browser, { url: city.url, size: 'desktop', language: 'uk' })
    phone = await visit(browser, { url: city.url, size: 'phone', language: 'en' })
    const { email, password } = OWNER
    for (const { context } of [wide, phone])
      await context.request.post('/api/auth/sign-in/email', { data: { email, password } })
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await city?.stop()
    await wikipedia?.[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  }, 60_000)

  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return
    await shoot(wide.page, `failed ${task.name.slice(0, 20)} wide`)
    await shoot(phone.page, `failed ${task.name.slice(0, 20)} phone`)
  })

  test('by the palette, from words in another form to the message at its place', async () => {
    const { page, words } = wide
    await page.goto('/rooms/square')
    await messages(wide).getByText('кабель у них старий').waitFor()
    await page.keyboard.press('Control+KeyK')
    const field = page.getByRole('combobox', { name: words.search.paletteInput })
    await field.waitFor()
    await expectAccessible(page)
    await shoot(page, 'palette-uk-desktop')
    await field.fill('кімнтаа')
    await page.getByRole('option', { name: said(words.search.findHere) }).waitFor()
    await field.press('Enter')
    const hit = page.getByRole('link').filter({ hasText: 'відкриті' })
    await hit.getByText('кімнати', { exact: true }).waitFor()
    expect(await hit.locator('mark').allInnerTexts()).toEqual(['кімнати'])
    await page.getByRole('button', { name: words.search.web }).click()
    await page.getByText(words.search.webNone).waitFor()
    await expectAccessible(page)
    await shoot(page, 'search-uk-desktop')
    await hit.click()
    await page.waitForURL(/\/rooms\/square\?message=/)
    await messages(wide).getByText('кабель у них старий').waitFor()
    expect(wide.complaints).toEqual([])
  })

  test('on a phone, narrowed to a room; and the internet asked in it', async () => {
    const { page, words } = phone
    await page.goto('/rooms/square')
    await say(phone, '/search кабель')
    await messages(phone).getByRole('link', { name: 'Кабельна лінія' }).waitFor()
    await shoot(page, 'web-search-en-phone')
    await page.getByRole('link', { name: words.search.inRoom }).click()
    await page.getByRole('searchbox', { name: words.search.input }).fill('has:file щось')
    await page.getByRole('heading', { name: words.search.none }).waitFor()
    await expectAccessible(page)
    await page.getByRole('searchbox', { name: words.search.input }).fill('кабелі')
    await page.getByText(said(words.search.why.message)).first().waitFor()
    await expectAccessible(page)
    await shoot(page, 'search-en-phone')
    expect(phone.complaints).toEqual([])
  })
})
