import { beforeAll, describe, expect, test } from 'vitest'
import { TELEGRAM } from '../kit/imports/telegram.ts'
import { expectAccessible } from './accessible.ts'
import { browserThere, shoot, type Visitor } from './browser.ts'
import { createScene } from './scene.ts'

const MYKOLA = { name: 'Mykola Bondar', email: 'mykola@city.test', password: 'a rather long password' }

describe.skipIf(!browserThere)('archives', { timeout: 240_000 }, () => {
  const scene = createScene()
  let olena: Visitor
  let mykola: Visitor

  beforeAll(async () => {
    await scene.open()
    olena = await scene.enter({ size: 'desktop', language: 'uk', as: 'owner' })
    mykola = await scene.enter({ size: 'phone', language: 'en', as: MYKOLA })
  }, 240_000)

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
