import { beforeAll, describe, expect, test } from 'vitest'
import { OWNER } from '../kit/city.ts'
import { expectAccessible } from './accessible.ts'
import { browserThere, said, shoot, type Visitor } from './browser.ts'
import { createScene } from './scene.ts'

const MYKOLA = { name: 'Mykola Bondar', email: 'mykola@city.test', password: 'a rather long password' }

describe.skipIf(!browserThere)('who may do what', { timeout: 240_000 }, () => {
  const scene = createScene()
  let olena: Visitor
  let mykola: Visitor

  beforeAll(async () => {
    await scene.open()
    olena = await scene.enter({ size: 'phone', language: 'uk', as: 'owner' })
    mykola = await scene.enter({ size: 'desktop', language: 'en', as: MYKOLA })
  }, 240_000)

  async function signIn(who: Visitor, { email, password }: { email: string; password: string }) {
    await who.context.request.post('/api/auth/sign-in/email', { data: { email, password } })
  }

  test('a key is made for what it is for, and does no more', async () => {
    const { page, words } = olena
    await page.goto('/account')
    await page.getByRole('button', { name: words.auth.newKey }).click()
    await page.getByLabel(words.auth.keyName, { exact: true }).fill('Читач')
    await page.getByLabel(words.rights.reaches.some).click()
    await page.getByLabel(words.rights.purpose.read).waitFor()
    await expectAccessible(page)
    await shoot(page, 'key-purposes-uk-phone')
    await page.getByRole('button', { name: words.auth.makeKey, exact: true }).click()
    const key = (await page.locator('.once code').innerText()).trim()
    const ask = async (path: string, body?: object) => {
      const response = await fetch(scene.city.url + path, {
        method: body ? 'POST' : 'GET',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      })
      return response.status
    }
    expect(await ask('/api/city/rooms')).toBe(200)
    expect(await ask('/api/city/rooms/square/messages', { clientId: 'a', text: 'а' })).toBe(403)
    await page.getByText(words.rights.purpose.read).first().waitFor()
  })

  test('somebody is shut out with a reason, at once, and let in again', async () => {
    const { page, words } = olena
    await page.goto('/account/people')
    await page.getByText(MYKOLA.name).waitFor()
    const me = async () => (await mykola.context.request.get('/api/auth/me')).status()
    expect(await me()).toBe(200)
    await page.getByRole('button', { name: `${words.rights.disable}: ${MYKOLA.name}` }).click()
    await page.getByLabel(words.rights.reason, { exact: true }).fill('Реклама')
    await expectAccessible(page)
    await page.getByRole('dialog').getByRole('button', { name: words.rights.disable }).click()
    await page.getByText('Реклама').waitFor()
    expect(await me()).toBe(401)
    await page.getByLabel(words.rights.find).fill('mykola@')
    await expectAccessible(page)
    await shoot(page, 'people-uk-phone')
    await page.getByLabel(words.rights.find).fill('нікого такого')
    await page.getByText(words.rights.nobody).waitFor()
    await page.getByLabel(words.rights.find).fill('')
    await page.getByRole('button', { name: `${words.rights.enable}: ${MYKOLA.name}` }).click()
    await page.getByRole('button', { name: `${words.rights.disable}: ${MYKOLA.name}` }).waitFor()
    await signIn(mykola, MYKOLA)
    expect(await me()).toBe(200)
  })

  test('changes of rights are for those who run the city, and say who did what to whom', async () => {
    const { page, words } = mykola
    await page.goto('/account/audit')
    await page.getByText(words.rights.forbidden).waitFor()
    await shoot(page, 'audit-forbidden-en-desktop')
    const roles = olena.page.getByLabel(said(olena.words.rights.roleOf, { name: MYKOLA.name }))
    await roles.selectOption('admin')
    await expect.poll(() => roles.inputValue()).toBe('admin')
    await page.goto('/account/audit')
    const { act } = words.rights
    await page.getByText(said(act.resident_enabled, { subject: MYKOLA.name })).waitFor()
    await page
      .getByText(said(act.role_changed, { subject: MYKOLA.name, from: 'resident', to: 'admin' }))
      .waitFor()
    await page.getByText('Реклама').waitFor()
    await expectAccessible(page)
    await shoot(page, 'audit-en-desktop')
    await page
      .getByLabel(words.rights.what, { exact: true })
      .selectOption({ index: 1 + Object.keys(act).indexOf('key_revoked') })
    await page.getByText(words.rights.noEntries).waitFor()
    expect([...olena.complaints, ...mykola.complaints]).toEqual([])
  })

  test('the owner says how much space somebody has, and erases them, told what goes and what stays', async () => {
    const { page, words } = olena
    const { quotas } = words.account
    await page.goto('/account/people')
    await page.getByRole('button', { name: `${quotas.open}: ${MYKOLA.name}` }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(quotas.limit).fill('2,5')
    await dialog.getByRole('button', { name: quotas.set }).click()
    await dialog.getByText('2,5\u00a0ГБ').waitFor()
    await dialog.getByText(quotas.own).waitFor()
    await expectAccessible(page)
    await shoot(page, 'quota-uk-phone')
    await page.keyboard.press('Escape')
    const mine = await mykola.context.request.get('/api/city/quota')
    expect(await mine.json()).toMatchObject({ limitBytes: 2_500_000_000, own: true })

    // The line of what is taken, where it is nearly full and where it is.
    const { id: principal } = (await (await mykola.context.request.get('/api/auth/me')).json()) as {
      id: string
    }
    await scene.owner.city.limitPerson({ principal, limitBytes: 1_000_000 })
    const bring = (bytes: number) =>
      mykola.context.request.post('/api/city/files', {
        multipart: {
          file: { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.alloc(bytes, 'a\n') },
        },
      })
    expect((await bring(950_000)).status()).toBe(201)
    const line = mykola.page.getByRole('meter')
    const { quotas: his } = mykola.words.account
    await mykola.page.goto('/account/data')
    await mykola.page.getByText(his.nearly).waitFor()
    expect(await line.getAttribute('aria-valuenow')).toBe('95')
    expect((await bring(60_000)).status()).toBe(413)
    await scene.owner.city.limitPerson({ principal, limitBytes: 900_000 })
    await mykola.page.reload()
    await mykola.page.getByText(his.full).waitFor()
    expect(await line.getAttribute('aria-valuenow')).toBe('100')
    await expectAccessible(mykola.page)

    await page.getByRole('button', { name: `${words.rights.erase}: ${MYKOLA.name}` }).click()
    await dialog.getByText(words.rights.eraseGoes).waitFor()
    await dialog.getByText(words.rights.eraseStays).waitFor()
    await dialog.getByLabel(words.account.yourPassword, { exact: true }).fill(OWNER.password)
    await expectAccessible(page)
    await shoot(page, 'erase-uk-phone')
    await dialog.getByRole('button', { name: words.rights.eraseDo }).click()
    await page.getByText(said(words.rights.erased, { name: MYKOLA.name })).waitFor()
    await expect.poll(() => page.getByText(MYKOLA.email).count()).toBe(0)
    expect((await mykola.context.request.get('/api/auth/me')).status()).toBe(401)
    expect(olena.complaints).toEqual([])
  })
})
