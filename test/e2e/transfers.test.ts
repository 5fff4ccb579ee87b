import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { OWNER, type RunningCity, startCity, temporaryFolder } from '../kit/city.ts'
import { TELEGRAM } from '../kit/imports/telegram.ts'
import { firstOwner } from '../kit/resident.ts'
import { expectAccessible } from './accessible.ts'
import { browserThere, openBrowser, shoot, type Visitor, visit } from './browser.ts'

const MYKOLA = { name: 'Mykola Bondar', email: 'mykola@city.test', password: 'a rather long password' }

describe.skipIf(!browserThere)('archives', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  let city: RunningCity
  let browser: Browser
  let olena: Visitor
  let mykola: Visitor

  beforeAll(async () => {
    ;[city, browser] = await Promise.all([startCity({ DATA_DIR: folder.path }), openBrowser()])
    const owner = await firstOwner(city)
    const { code } = await owner.auth.invite({})
    olena = await visit(browser, { url: city.url, size: 'desktop', language: 'uk' })
    mykola = await visit(browser, { url: city.url, size: 'phone', language: 'en' })
    await mykola.context.request.post('/api/auth/sign-up', { data: { code, ...MYKOLA } })
    const { email, password } = OWNER
    await olena.context.request.post('/api/auth/sign-in/email', { data: { email, password } })
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await city?.stop()
    folder[Symbol.dispose]()
  }, 60_000)
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return
    await shoot(olena.page, `failed ${task.name.slice(0, 20)} olena`)
    await shoot(mykola.page, `failed ${task.name.slice(0, 20)} mykola`)
  })

  test('an operator takes in a chat, reads what was left out, opens its room and exports it', async () => {
    const { page, words } = olena
    const { transfers } = words.account
    await page.goto('/account/imports')
    await page.getByText(transfers.noImports).waitFor()
    const result = {
      name: 'result.json',
      mimeType: 'application/json',
      buffer: Buffer.from(JSON.stringify(TELEGRAM)),
    }
    await page.locator('input[type=file]').setInputFiles(result)
    await page.getByText(transfers.left).click()
    await page.getByText(transfers.kind.location_information, { exact: false }).waitFor()
    await expectAccessible(page)
    await shoot(page, 'imports-uk-desktop')
    await page.getByRole('main').getByRole('link', { name: TELEGRAM.name }).click()
    await page.getByText('Telegram', { exact: false }).first().waitFor()
    await page.getByText('Бачу').waitFor()
    await expectAccessible(page)
    await shoot(page, 'imported-room-uk-desktop')
    await page.goto(`${page.url().split('?')[0]}/settings`)
    await page.getByRole('button', { name: transfers.roomDo }).click()
    const link = page.getByRole('link', { name: transfers.download })
    await link.waitFor()
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
    expect(download.suggestedFilename()).toMatch(/\.zip$/)
    await link.scrollIntoViewIfNeeded()
    await expectAccessible(page)
    await shoot(page, 'room-export-uk-desktop')
  })

  test('somebody takes their data along and erases themselves, and cannot come back', async () => {
    const { page, words } = mykola
    const { transfers } = words.account
    await page.goto('/account/imports')
    await page.getByText(words.rights.forbidden).waitFor()
    await page.goto('/account/data')
    await page.getByText(transfers.none).waitFor()
    await page.getByRole('button', { name: transfers.takeDo }).click()
    await page.getByRole('link', { name: transfers.download }).waitFor()
    await expectAccessible(page)
    await shoot(page, 'data-en-phone')
    await page.getByRole('button', { name: transfers.eraseDo }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(words.account.yourPassword).fill(MYKOLA.password)
    await expectAccessible(page)
    await shoot(page, 'erase-en-phone')
    await dialog.getByRole('button', { name: transfers.eraseDo }).click()
    await page.waitForURL('**/sign-in')
    const { email, password } = MYKOLA
    const back = await mykola.context.request.post('/api/auth/sign-in/email', { data: { email, password } })
    expect(back.status()).toBe(401)
    expect([...olena.complaints, ...mykola.complaints]).toEqual([])
  })
})
