import { beforeAll, describe, expect, test } from 'vitest'
import { OWNER } from '../kit/city.ts'
import type { Resident } from '../kit/resident.ts'
import { expectAccessible } from './accessible.ts'
import { browserThere, said, shoot, type Visitor } from './browser.ts'
import { createScene } from './scene.ts'

describe.skipIf(!browserThere)('rooms, people, the map and the feed', { timeout: 240_000 }, () => {
  const scene = createScene()
  let owner: Resident
  /** At a desk, in Ukrainian. */
  let olena: Visitor
  /** On a phone, in English. */
  let taras: Visitor

  beforeAll(async () => {
    await scene.open({ CITY_NAME: 'Надріччя' })
    owner = scene.owner
    olena = await scene.enter({ size: 'desktop', language: 'uk', as: 'owner' })
    const account = { email: 'taras@city.test', password: OWNER.password, name: 'Taras' }
    taras = await scene.enter({ size: 'phone', language: 'en', as: account })
    await owner.city.openRoom({ name: 'Балкон', visibility: 'public', topic: 'Квіти і кава' })
  }, 240_000)

  test('a room is set up by its owner; somebody finds it, asks, and is let in at once', async () => {
    const { page, words } = olena
    const { id: room, slug } = await owner.city.openRoom({ name: 'Ремонт даху' })
    await page.goto(`/rooms/${slug}/settings`)
    await page.getByLabel(words.rooms.topic, { exact: true }).fill('Черепиця, кошторис, майстри')
    await page.getByLabel(words.rooms.joiningChoice.request).check()
    await page.getByRole('button', { name: words.common.save }).click()
    await page.getByText(words.rooms.noRequests).waitFor()
    await page.getByRole('button', { name: words.rooms.makeLink }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: words.rooms.makeLink }).click()
    await page.getByText(words.rooms.linkOnce).waitFor()
    await expectAccessible(page)
    await shoot(page, 'room-settings-uk-desktop')

    const { page: phone, words: his } = taras
    await phone.goto('/directory')
    await phone.getByLabel(his.rooms.find).fill('черепиці')
    await phone.getByRole('button', { name: said(`${his.rooms.ask} Ремонт даху`) }).click()
    await phone.getByLabel(his.rooms.askNote, { exact: true }).fill('I live under it')
    await phone.getByRole('button', { name: his.rooms.sendAsk, exact: true }).click()
    await phone.getByText(his.rooms.asked, { exact: true }).waitFor()
    await expectAccessible(phone)
    await shoot(phone, 'directory-en-phone')

    // The request comes to the open page by itself, and the way in to the phone.
    await page.getByText('I live under it').waitFor()
    await page.getByRole('button', { name: said(words.rooms.acceptName, { name: 'Taras' }) }).click()
    await phone.getByRole('link', { name: `${his.rooms.open} Ремонт даху` }).click()
    await phone.getByRole('heading', { level: 1, name: 'Ремонт даху' }).waitFor()
    const role = page.getByLabel(said(words.rooms.roleOf, { name: 'Taras' }))
    await role.selectOption('guest')
    await phone.getByText(his.rooms.guestNote).waitFor()
    await role.selectOption('moderator')
    await phone.getByRole('textbox').first().waitFor()
    expect((await owner.city.members({ room })).items.map(({ membership }) => membership)).toEqual([
      'owner',
      'moderator',
    ])
  })

  test('rooms stand in one’s own order, favourites first, and the archive is only read', async () => {
    const { page, words } = olena
    await page.goto('/directory')
    const side = page.getByRole('navigation', { name: words.common.city })
    const order = async () => await side.locator('a[draggable=true] > .grow').allInnerTexts()
    await expect.poll(order).toContain('Ремонт даху')
    const square = side.getByRole('link', { name: 'Площа' })
    await square.focus()
    await page.keyboard.press('Alt+Shift+ArrowDown')
    await expect.poll(order).toEqual(['Балкон', 'Площа', 'Ремонт даху', 'DAARWIZZ'])
    await page.getByRole('button', { name: words.rooms.views.mine, exact: true }).click()
    await page.getByRole('button', { name: said(words.rooms.star, { room: 'Ремонт даху' }) }).click()
    await expect.poll(order).toEqual(['Ремонт даху', 'Балкон', 'Площа', 'DAARWIZZ'])
    await expectAccessible(page)
    await page.goto('/rooms/balkon/settings')
    await page.getByRole('button', { name: words.rooms.archiveDo }).click()
    await page.getByRole('button', { name: words.rooms.archiveUndo }).waitFor()
    await expect.poll(order).toEqual(['Ремонт даху', 'Площа', 'DAARWIZZ'])
    await page.getByRole('link', { name: words.rooms.back }).click()
    await page.getByText(said(words.rooms.archiveNote)).waitFor()
    await owner.city.changeRoom({ room: 'balkon', archived: false })
  })

  test('one meets people, and writes to one of them', async () => {
    const { page, words } = taras
    await page.goto('/people')
    await page.getByRole('button', { name: said(words.people.writeTo, { name: 'Олена' }) }).waitFor()
    await expectAccessible(page)
    await shoot(page, 'people-en-phone')
    await page.getByRole('button', { name: said(words.people.writeTo, { name: 'Олена' }) }).click()
    await page.getByRole('heading', { level: 1, name: 'Олена' }).waitFor()
    await page.getByRole('textbox').first().fill('Good evening, Olena')
    await page.keyboard.press('Enter')
    await page.getByText('Good evening, Olena').first().waitFor()
  })

  test('a link opens a room once, and then it is closed', async () => {
    const { id: room } = await owner.city.openRoom({ name: 'Правління', topic: 'Кошторис' })
    const { code } = await owner.city.inviteToRoom({ room })
    const { page, words } = taras
    await page.goto(`/join#${code}`)
    await page.getByRole('heading', { name: said(words.rooms.joinTitle, { room: 'Правління' }) }).waitFor()
    expect(page.url()).not.toContain('#')
    await expectAccessible(page)
    await page.getByRole('button', { name: words.rooms.joinGo }).click()
    await page.getByRole('heading', { level: 1, name: 'Правління' }).waitFor()
    await olena.page.goto('/join#none')
    await olena.page.getByRole('heading', { name: olena.words.rooms.joinClosed }).waitFor()
  })

  test('the feed tells what happened, what is unseen first', async () => {
    const { page, words } = olena
    // Whoever comes back while something waits begins there.
    await page.goto('/')
    await page.getByRole('heading', { name: words.feed.unread }).waitFor()
    await page.getByText('Good evening, Olena').waitFor()
    await expectAccessible(page)
    await shoot(page, 'feed-uk-desktop')
    await page.locator('.happened').getByRole('link', { name: 'Taras' }).first().click()
    await page.getByRole('heading', { level: 1, name: 'Taras' }).waitFor()
  })

  test('the map is walked by keys; whoever keeps a room moves it', async () => {
    const { page, words } = olena
    await page.goto('/map')
    const houses = page.getByRole('listitem').getByRole('link')
    await houses.first().waitFor()
    await houses.first().focus()
    await page.getByRole('heading', { level: 2, name: 'Площа' }).waitFor()
    await page.keyboard.press('ArrowRight')
    await page.getByRole('heading', { level: 2, name: 'Балкон' }).waitFor()
    await expectAccessible(page)
    await shoot(page, 'map-uk-desktop')
    await page.getByRole('button', { name: words.map.move, exact: true }).click()
    const house = page.getByRole('link', { name: /^Балкон/ }).last()
    await house.focus()
    await page.keyboard.press('Shift+ArrowDown')
    await page.getByRole('button', { name: words.map.put }).click()
    await page.getByText(said(words.map.moved, { room: 'Балкон' })).waitFor()
    const placed = async () =>
      (await owner.city.map({})).places.find(({ room }) => room.slug === 'balkon')?.placed
    await expect.poll(placed).toBe(true)
    await page
      .getByRole('listitem')
      .getByRole('link', { name: /^Балкон/ })
      .focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Балкон' }).waitFor()

    const { page: phone } = taras
    await phone.goto('/map')
    await phone.getByRole('listitem').getByRole('link').first().waitFor()
    await expectAccessible(phone)
    await shoot(phone, 'map-en-phone')
    await phone.goto('/rooms')
    await phone.getByRole('link', { name: taras.words.common.map }).waitFor()
    await expectAccessible(phone)
    await shoot(phone, 'rooms-list-en-phone')
    expect([...olena.complaints, ...taras.complaints]).toEqual([])
  })
})
