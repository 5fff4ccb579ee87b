import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { OWNER, type RunningCity, startCity, temporaryFolder } from '../kit/city.ts'
import { firstOwner, type Resident } from '../kit/resident.ts'
import { expectAccessible } from './accessible.ts'
import { browserThere, openBrowser, said, shoot, type Visitor, visit } from './browser.ts'

describe.skipIf(!browserThere)('moderation', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  let city: RunningCity
  let browser: Browser
  let owner: Resident
  let tarasId: string
  /** Keeps the room, at a desk, in Ukrainian. */
  let olena: Visitor
  /** Writes in it from a phone, in English. */
  let taras: Visitor

  beforeAll(async () => {
    const env = { DATA_DIR: folder.path, CITY_NAME: 'Надріччя' }
    ;[city, browser] = await Promise.all([startCity(env), openBrowser()])
    owner = await firstOwner(city)
    olena = await visit(browser, { url: city.url, size: 'desktop', language: 'uk' })
    taras = await visit(browser, { url: city.url, size: 'phone', language: 'en' })
    const { email, password } = OWNER
    await olena.context.request.post('/api/auth/sign-in/email', { data: { email, password } })
    const { code } = await owner.auth.invite({})
    const account = { code, email: 'taras@city.test', password, name: 'Taras' }
    await taras.context.request.post('/api/auth/sign-up', { data: account })
    const { items } = await owner.auth.residents({})
    tarasId = items.find(({ name }) => name === 'Taras')?.id ?? ''
    await owner.city.openRoom({ name: 'Балкон', visibility: 'public' })
    await owner.city.post({ room: 'balkon', clientId: 'hello', text: 'Вітаю на балконі' })
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await city?.stop()
    folder[Symbol.dispose]()
  }, 60_000)
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return
    await shoot(olena.page, `failed ${task.name.slice(0, 20)} olena`)
    await shoot(taras.page, `failed ${task.name.slice(0, 20)} taras`)
  })

  test('a room has a pace and a filter; what is held is let through', async () => {
    const { page, words } = olena
    await page.goto('/rooms/balkon/settings')
    await page.getByLabel(words.moderation.ruleKind).selectOption('expression')
    await page.getByLabel(words.moderation.ruleValue).fill('виграш(')
    await page.getByRole('button', { name: words.moderation.addRule }).click()
    await page.getByRole('alert').getByText('виграш(').waitFor()
    await page.getByLabel(words.moderation.ruleKind).selectOption('words')
    await page.getByLabel(words.moderation.ruleValue).fill('casino')
    await page.getByRole('button', { name: words.moderation.addRule }).click()
    await page.getByRole('button', { name: said(words.moderation.removeRule, { value: 'casino' }) }).waitFor()
    await page.getByLabel(words.moderation.slow).selectOption('60')
    await page.getByText(words.moderation.saved).first().waitFor()
    await expectAccessible(page)
    await page.getByRole('heading', { name: words.moderation.section }).scrollIntoViewIfNeeded()
    await shoot(page, 'room-order-uk-desktop')

    const { page: phone, words: his } = taras
    await phone.goto('/rooms/balkon')
    await phone.getByRole('textbox').first().fill('The best casinos in town')
    await phone.keyboard.press('Enter')
    await phone.getByText(his.moderation.held).waitFor()
    await phone.getByRole('timer').waitFor()
    await expectAccessible(phone)
    await shoot(phone, 'held-en-phone')

    // The badge comes by itself.
    const way = page.getByRole('link', { name: /^Модерація\s*\D*1/ })
    await way.click()
    const held = page.getByRole('article').filter({ hasText: 'The best casinos' })
    await held.waitFor()
    await expectAccessible(page)
    await shoot(page, 'moderation-uk-desktop')
    await held.getByRole('button', { name: words.moderation.act.released, exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: words.moderation.act.released }).click()
    await page.getByText(words.moderation.nothing).waitFor()
    await phone.getByText(his.moderation.held).waitFor({ state: 'detached' })
    await phone.getByText('The best casinos in town').waitFor()
  })

  test('somebody reports, the author is muted, appeals and is answered', async () => {
    await owner.city.moderateRoom({ room: 'balkon', slowSeconds: 0, rules: [] })
    const { page: phone, words: his } = taras
    const message = phone.getByRole('article').filter({ hasText: 'Вітаю на балконі' })
    await message.getByRole('button', { name: his.city.more }).first().click()
    await phone.getByRole('button', { name: his.moderation.report, exact: true }).click()
    await phone.getByLabel(his.moderation.reason.insult).check()
    await expectAccessible(phone)
    await shoot(phone, 'report-en-phone')
    await phone.getByRole('button', { name: his.moderation.reportDo }).click()
    await phone.getByText(his.moderation.reported).waitFor()

    await phone.goto('/people')
    await phone.getByRole('button', { name: /^Олена/ }).click()
    await phone.getByRole('button', { name: his.moderation.report, exact: true }).click()
    await phone.getByRole('button', { name: his.moderation.reportDo }).click()
    await phone.getByText(his.moderation.reported).first().waitFor()
    await phone.goto('/rooms/balkon')

    const { page, words } = olena
    await page.goto('/rooms/balkon')
    const his1 = page.getByRole('article').filter({ hasText: 'The best casinos' })
    await his1.hover()
    await his1.getByRole('button', { name: words.city.more }).first().click()
    await page.getByRole('menuitem', { name: words.moderation.restrict }).click()
    await page.getByRole('dialog').getByLabel(words.moderation.why).fill('Реклама')
    await page.getByRole('dialog').getByRole('button', { name: words.moderation.act.muted }).click()

    await phone.getByText('Why: Реклама').waitFor()
    await expectAccessible(phone)
    await shoot(phone, 'muted-en-phone')
    await phone.getByRole('button', { name: his.moderation.appeal }).click()
    await phone.getByRole('dialog').getByRole('textbox').fill('It was a joke')
    await phone.getByRole('button', { name: his.moderation.appealDo }).click()
    await phone.getByText(his.moderation.appealWaits).waitFor()

    await page.goto('/moderation')
    const appeal = page.getByRole('article').filter({ hasText: 'It was a joke' })
    await appeal.getByRole('button', { name: words.moderation.act.lifted }).click()
    await page.getByRole('dialog').getByRole('button', { name: words.moderation.act.lifted }).click()
    await phone.getByRole('textbox').first().waitFor()
    await page.getByRole('button', { name: words.moderation.log, exact: true }).click()
    const deed = words.moderation.deed.lifted.replace('{{name}}', 'Taras')
    await page.getByRole('listitem').filter({ hasText: deed }).waitFor()
    await page.getByRole('button', { name: words.moderation.rules, exact: true }).click()
    await page.getByRole('heading', { name: words.moderation.newcomers }).waitFor()
    await expectAccessible(page)
    await shoot(page, 'city-rules-uk-desktop')
  })

  test('whoever is banned from a room is out at once, and out of the city when it is shut to them', async () => {
    const { page: phone, words: his } = taras
    await owner.city.ban({ room: 'balkon', principal: tarasId, reason: 'Погрози' })
    await phone.getByText(said(his.moderation.bannedNote, { room: 'Балкон' })).waitFor()
    await expectAccessible(phone)
    await shoot(phone, 'banned-en-phone')
    await phone.getByRole('button', { name: his.moderation.appeal }).click()
    await phone.getByRole('dialog').getByRole('textbox').fill('Sorry')
    await phone.getByRole('button', { name: his.moderation.appealDo }).click()

    const { page, words } = olena
    await page.goto('/moderation')
    const appeal = page.getByRole('article').filter({ hasText: 'Sorry' })
    await appeal.getByRole('button', { name: words.moderation.disable }).click()
    await page.getByRole('dialog').getByLabel(words.moderation.why).fill('Погрози')
    await page.getByRole('dialog').getByRole('button', { name: words.moderation.disable }).click()
    await phone.waitForURL(/sign-in/)
    expect([...olena.complaints, ...taras.complaints]).toEqual([])
  })
})
