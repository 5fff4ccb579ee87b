import { beforeAll, describe, expect, test } from 'vitest'
import { OWNER } from '../kit/city.ts'
import type { Resident } from '../kit/resident.ts'
import { expectAccessible } from './accessible.ts'
import { browserThere, said, shoot, type Visitor } from './browser.ts'
import { createScene } from './scene.ts'

describe.skipIf(!browserThere)('moderation', { timeout: 240_000 }, () => {
  const scene = createScene()
  let owner: Resident
  let tarasId: string
  /** Keeps the room, at a desk, in Ukrainian. */
  let olena: Visitor
  /** Writes in it from a phone, in English. */
  let taras: Visitor

  beforeAll(async () => {
    await scene.open({ CITY_NAME: 'Надріччя' })
    owner = scene.owner
    olena = await scene.enter({ size: 'desktop', language: 'uk', as: 'owner' })
    const account = { email: 'taras@city.test', password: OWNER.password, name: 'Taras' }
    taras = await scene.enter({ size: 'phone', language: 'en', as: account })
    const { items } = await owner.auth.residents({})
    tarasId = items.find(({ name }) => name === 'Taras')?.id ?? ''
    await owner.city.openRoom({ name: 'Балкон', visibility: 'public' })
    await owner.city.post({ room: 'balkon', clientId: 'hello', text: 'Вітаю на балконі' })
  }, 240_000)

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
