import type { Locator } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { newcomer, type Resident } from '../kit/resident.ts'
import { expectAccessible } from './accessible.ts'
import { browserThere, said, shoot, type Visitor } from './browser.ts'
import { messages } from './room.ts'
import { createScene } from './scene.ts'

describe.skipIf(!browserThere)('being told', { timeout: 240_000 }, () => {
  const scene = createScene()
  let taras: Resident
  let wide: Visitor
  let phone: Visitor

  beforeAll(async () => {
    await scene.open({ CITY_NAME: 'Надріччя' })
    taras = await newcomer(scene.owner, 'Тарас')
    wide = await scene.enter({ size: 'desktop', language: 'uk', as: 'owner' })
    phone = await scene.enter({ size: 'phone', language: 'en', as: 'owner' })
  }, 240_000)

  test('a mention rings the bell at once, and is quiet once it was read', async () => {
    const { page, words } = wide
    await page.goto('/notifications')
    await page.getByRole('heading', { name: words.notifications.empty }).waitFor()
    await expectAccessible(page)
    await shoot(page, 'notifications-empty-uk-desktop')
    await taras.say('square', 'Зайди на Площу, @Олена, є новини')
    const bell = page.getByRole('link', { name: said(words.bell.unseen_one, { count: 1 }) })
    await bell.waitFor()
    const told = page.getByRole('listitem').filter({ hasText: 'є новини' })
    await told.getByText(words.notifications.fresh).first().waitFor()
    await expectAccessible(page)
    await shoot(page, 'notifications-uk-desktop')
    await told.getByRole('link').click()
    await page.waitForURL(/\/rooms\/square\?message=/)
    await messages(wide).getByText('є новини').waitFor()
    await page.getByRole('link', { name: words.bell.title, exact: true }).waitFor()
    expect(wide.complaints).toEqual([])
  })

  test('on a phone one says what tells them and when not', async () => {
    const { page, words } = phone
    const w = words.notifications
    await page.goto('/account/notifications')
    await choose(page.getByRole('radio', { name: said(`${w.levels.all}{{hint}}`) }))
    await page.getByLabel(w.from).fill('23:00')
    await page.getByRole('button', { name: words.common.save }).click()
    // Browsers name the zone by its old name or its new one.
    const kept = { from: '23:00', to: '08:00' }
    await page.getByText(said(w.quietNow, kept)).waitFor()
    await choose(page.getByLabel(w.words))
    // A browser without a screen refuses notifications by itself.
    await page.getByText(w.state.off).or(page.getByText(w.state.denied)).waitFor()
    await expectAccessible(page)
    await shoot(page, 'notification-settings-en-phone')
    await page.reload()
    await page.getByText(said(w.quietNow, kept)).waitFor()
    expect(await page.getByLabel(w.words).isChecked()).toBe(true)
    expect(phone.complaints).toEqual([])
  })
})

/** The choice stands as soon as the page has drawn it anew, not in the very moment of the click. */
async function choose(choice: Locator): Promise<void> {
  await choice.click()
  await expect.poll(() => choice.isChecked()).toBe(true)
}
