import { beforeAll, describe, expect, test } from 'vitest'
import { OWNER } from '../kit/city.ts'
import { expectAccessible } from './accessible.ts'
import { browserThere, said, shoot, type Visitor } from './browser.ts'
import { composer, messages, say } from './room.ts'
import { createScene } from './scene.ts'

/** Олена at a desk in Ukrainian, Тарас with a phone in English: what one does to messages, and the other sees. */
describe.skipIf(!browserThere)('messages in two browsers', { timeout: 240_000 }, () => {
  const scene = createScene()
  let olena: Visitor
  let taras: Visitor

  beforeAll(async () => {
    await scene.open()
    await scene.owner.auth.changeMe({ name: 'Олена Гнатюк' })
    olena = await scene.enter({ size: 'desktop', language: 'uk', as: 'owner' })
    const account = { email: 'taras@city.test', password: OWNER.password, name: 'Тарас Бондар' }
    taras = await scene.enter({ size: 'phone', language: 'en', as: account })
    await Promise.all([olena, taras].map(({ page }) => page.goto('/rooms/square')))
    await Promise.all([olena, taras].map(({ page, words }) => page.getByText(words.city.empty).waitFor()))
  }, 240_000)

  const of = (visitor: Visitor, text: string) => messages(visitor).filter({ hasText: text })
  /** The menu of a message: over it with a mouse, from the bottom edge with a finger. */
  const menu = async (visitor: Visitor, text: string, label: string) => {
    const message = of(visitor, text)
    if (visitor.size === 'desktop') {
      await message.hover()
      await message.getByRole('toolbar').getByRole('button', { name: visitor.words.city.more }).click()
      await visitor.page.getByRole('menuitem', { name: label }).click()
      return
    }
    await message
      .getByRole('button', { name: visitor.words.city.more })
      .filter({ visible: true })
      .first()
      .click()
    await visitor.page.getByRole('dialog').getByRole('button', { name: label }).click()
  }

  test('a reaction, an edit by the arrow up, and its history', async () => {
    await say(olena, 'Коли дивимося щитову?')
    await of(taras, 'щитову').waitFor()
    await of(taras, 'щитову')
      .getByRole('button', { name: taras.words.city.more })
      .filter({ visible: true })
      .first()
      .click()
    await taras.page.getByRole('dialog').waitFor()
    await shoot(taras.page, 'messages-sheet-en-phone')
    await taras.page.getByRole('dialog').getByRole('button', { name: '👍' }).click()
    await of(olena, 'щитову')
      .getByRole('button', { name: /👍: Тарас/ })
      .click()
    await of(taras, 'щитову')
      .getByRole('button', { name: /👍.*, 2/ })
      .waitFor()

    await composer(olena).press('ArrowUp')
    const editor = olena.page.getByRole('textbox', { name: olena.words.talk.editing })
    await editor.fill('Коли дивимося щитову в суботу?')
    await editor.press('Enter')
    const was = of(taras, 'в суботу').getByRole('button', { name: said(taras.words.talk.edited) })
    await was.click()
    const history = taras.page.getByRole('dialog', { name: taras.words.talk.history })
    await history.getByText('Коли дивимося щитову?').waitFor()
    await expectAccessible(taras.page)
    await history.getByRole('button', { name: taras.words.common.close }).click()
  })

  test('a thread beside the room, with its own composer', async () => {
    await of(olena, 'в суботу').focus()
    await olena.page.keyboard.press('t')
    const panel = olena.page.getByRole('complementary', { name: olena.words.talk.thread })
    const reply = panel.getByRole('textbox', { name: olena.words.talk.replyInThread })
    await reply.fill('Можу лише до полудня.')
    await reply.press('Enter')
    await panel.getByText('Можу лише до полудня.').waitFor()
    const line = of(taras, 'в суботу').getByRole('button', { name: /1 reply in the thread.*1 new/ })
    await line.click()
    const sheet = taras.page.getByRole('dialog', { name: taras.words.talk.thread })
    await sheet.getByText('Можу лише до полудня.').waitFor()
    await sheet.getByRole('textbox', { name: taras.words.talk.replyInThread }).fill('Тоді о десятій.')
    await sheet.getByRole('button', { name: taras.words.city.send, exact: true }).click()
    await panel.getByText('Тоді о десятій.').waitFor()
    // What is open counts as read.
    await of(olena, 'в суботу')
      .getByRole('button', { name: /^2 відповіді в гілці остання/ })
      .waitFor()
    await expectAccessible(olena.page)
    await shoot(olena.page, 'messages-thread-uk-desktop')
    await shoot(taras.page, 'messages-thread-en-phone')
    await taras.page.keyboard.press('Escape')
    await olena.page.keyboard.press('Escape')
    await expect.poll(() => messages(olena).count()).toBe(1)
  })

  test('a poll is asked and answered; words are hidden, named and coloured', async () => {
    const { page, words } = olena
    await page.getByRole('button', { name: words.talk.attach, exact: true }).click()
    await page.getByRole('menuitem', { name: words.talk.poll }).click()
    const dialog = page.getByRole('dialog', { name: words.talk.pollNew })
    await dialog.getByLabel(words.talk.pollQuestion).fill('Котра година?')
    await dialog.getByLabel(said(words.talk.pollOption, { n: 1 })).fill('десята')
    await dialog.getByLabel(said(words.talk.pollOption, { n: 2 })).fill('полудень')
    await expectAccessible(page)
    await dialog.getByRole('button', { name: words.talk.pollSend }).click()
    await of(taras, 'Котра година?')
      .getByRole('radio', { name: /десята/ })
      .check()
    await of(olena, 'Котра година?').getByText(words.talk.pollVoters_one.replace('{{count}}', '1')).waitFor()

    await say(olena, ':tada: ||таємниця||\n```js\nconst lift = 2\n```')
    const rich = of(taras, '🎉')
    await rich.locator('.hljs-keyword', { hasText: 'const' }).waitFor()
    const spoiler = rich.getByRole('button', { name: taras.words.talk.spoiler })
    await spoiler.click()
    await rich.getByText('таємниця').waitFor()
    await expectAccessible(page)
    await shoot(page, 'messages-poll-uk-desktop')
  })

  test('pinned, saved, called, scheduled: each has its place', async () => {
    const { page, words } = olena
    await say(olena, '@Тарас візьміть ліхтар')
    await menu(olena, 'ліхтар', words.talk.pin)
    await of(taras, 'ліхтар').getByText(taras.words.talk.pinned, { exact: true }).waitFor()
    await page.getByRole('button', { name: words.talk.room }).click()
    await page.getByRole('menuitem', { name: words.talk.pins }).click()
    await page.getByRole('complementary', { name: words.talk.pins }).getByText('ліхтар').waitFor()
    await expectAccessible(page)
    await page.keyboard.press('Escape')

    await menu(olena, 'ліхтар', words.talk.save)
    await page.getByText(words.talk.savedNow).waitFor()
    await composer(olena).fill('Нагадаю ввечері')
    await page.getByRole('button', { name: words.talk.attach, exact: true }).click()
    await page.getByRole('menuitem', { name: words.talk.schedule }).click()
    await page.getByRole('dialog').getByRole('button', { name: words.talk.scheduleDo }).click()
    await page.getByText(said(words.talk.scheduleDone)).waitFor()
    expect(await composer(olena).inputValue()).toBe('')
    await page.getByRole('link', { name: words.talk.scheduled }).click()
    await page.getByText('Нагадаю ввечері').waitFor()
    await expectAccessible(page)
    await shoot(page, 'scheduled-uk-desktop')
    await page.getByRole('link', { name: words.talk.saved }).click()
    await page.getByRole('button', { name: /ліхтар/ }).waitFor()
    await expectAccessible(page)
    await shoot(page, 'saved-uk-desktop')

    await taras.page.goto('/mentions')
    await taras.page.getByRole('button', { name: /ліхтар/ }).waitFor()
    await expectAccessible(taras.page)
    await shoot(taras.page, 'mentions-en-phone')
    await taras.page.getByRole('button', { name: /ліхтар/ }).click()
    await of(taras, 'ліхтар').waitFor()
    await page.getByRole('button', { name: /ліхтар/ }).click()
    await of(olena, 'ліхтар').waitFor()
  })

  test('deleting can be thought better of; what is removed says why', async () => {
    await say(taras, 'Погане слово')
    await of(olena, 'Погане слово').waitFor()
    await menu(taras, 'Погане слово', taras.words.talk.deleteMine)
    await messages(taras).getByText(taras.words.talk.deleted, { exact: true }).waitFor()
    await taras.page.getByRole('button', { name: taras.words.common.undo }).click()
    await of(taras, 'Погане слово').waitFor()
    await menu(olena, 'Погане слово', olena.words.talk.remove)
    const dialog = olena.page.getByRole('dialog')
    await dialog.getByLabel(olena.words.talk.removeWhy).fill('Образа')
    await expectAccessible(olena.page)
    await dialog.getByRole('button', { name: olena.words.talk.removeDo }).click()
    await messages(taras)
      .getByText(said(taras.words.talk.removedBy, { reason: 'Образа' }))
      .waitFor()
    await expect.poll(() => of(taras, 'Погане слово').count()).toBe(0)
    expect([...olena.complaints, ...taras.complaints]).toEqual([])
  })
})
