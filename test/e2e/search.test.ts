import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startWikipedia, type WikipediaServer } from '../kit/wikipedia-server.ts'
import { expectAccessible } from './accessible.ts'
import { browserThere, said, shoot, type Visitor } from './browser.ts'
import { messages, say } from './room.ts'
import { createScene } from './scene.ts'

describe.skipIf(!browserThere)('finding', { timeout: 240_000 }, () => {
  const scene = createScene()
  let wikipedia: WikipediaServer
  let wide: Visitor
  let phone: Visitor

  beforeAll(async () => {
    wikipedia = await startWikipedia()
    await scene.open({ CITY_NAME: 'Надріччя', WEB_SEARCH_URL: wikipedia.url })
    const { owner } = scene
    const posted = await owner.send('square', {
      clientId: 'a',
      text: 'Нові кімнати відкриті, а кабель у них старий',
    })
    expect(posted.status).toBe(201)
    wide = await scene.enter({ size: 'desktop', language: 'uk', as: 'owner' })
    phone = await scene.enter({ size: 'phone', language: 'en', as: 'owner' })
  }, 240_000)
  afterAll(async () => {
    await wikipedia?.[Symbol.asyncDispose]()
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

  test('a message far back in a long room opens around itself, and the newest are one step away', async () => {
    const { page, words } = wide
    const { slug } = await scene.owner.city.openRoom({ name: 'Літопис' })
    const first = await scene.owner.say(slug, 'Початок літопису')
    for (let page = 0; page < 8; page++)
      await Promise.all(Array.from({ length: 20 }, (_, n) => scene.owner.say(slug, `Рядок ${page} ${n}`)))
    await scene.owner.say(slug, 'Кінець літопису')
    await page.goto(`/rooms/${slug}`)
    await messages(wide).getByText('Кінець літопису').waitFor()
    await page.goto(`/rooms/${slug}?message=${first.id}`)
    await messages(wide).getByText('Початок літопису').waitFor()
    expect(await messages(wide).getByText('Кінець літопису').count()).toBe(0)
    expect(await page.locator('.log-row').count()).toBeLessThan(80)
    await page.getByRole('button', { name: words.city.toEnd }).click()
    await messages(wide).getByText('Кінець літопису').waitFor()
    expect(await messages(wide).getByText('Початок літопису').count()).toBe(0)
    expect(wide.complaints).toEqual([])
  })

  test('a page whose pieces do not come says so, comes back with the line, and offers the newer build', async () => {
    const { page, words, context } = wide
    await page.goto('/rooms/square')
    await messages(wide).first().waitFor()
    await context.setOffline(true)
    await page.getByRole('link', { name: words.common.map, exact: true }).click()
    await page.getByRole('heading', { name: words.common.noLine }).waitFor()
    await expectAccessible(page)
    await shoot(page, 'no-line-uk-desktop')
    await context.setOffline(false)
    await page.getByRole('heading', { name: words.common.map, exact: true }).waitFor()

    const gone = /\/assets\/people-page/
    await page.route(gone, (route) => route.fulfill({ status: 404, body: '' }))
    await page.getByRole('link', { name: words.people.title, exact: true }).click()
    await page.getByRole('heading', { name: words.device.newBuild }).waitFor()
    await expectAccessible(page)
    await page.unroute(gone)
    await page.getByRole('button', { name: words.device.takeBuild }).click()
    await page.getByLabel(words.people.find).first().waitFor()
  })
})
