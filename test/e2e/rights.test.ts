import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { OWNER, type RunningCity, startCity, temporaryFolder } from '../kit/city.ts'
import { firstOwner } from '../kit/resident.ts'
import { expectAccessible } from './accessible.ts'
import { browserThere, openBrowser, said, shoot, type Visitor, visit } from './browser.ts'

const MYKOLA = { name: 'Mykola Bondar', email: 'mykola@city.test', password: 'a rather long password' }

describe.skipIf(!browserThere)('who may do what', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  let city: RunningCity
  let browser: Browser
  let olena: Visitor
  let mykola: Visitor

  beforeAll(async () => {
    ;[city, browser] = await Promise.all([startCity({ DATA_DIR: folder.path }), openBrowser()])
    const owner = await firstOwner(city)
    const { code } = await owner.auth.invite({})
    olena = await visit(browser, { url: city.url, size: 'phone', language: 'uk' })
    mykola = await visit(browser, { url: city.url, size: 'desktop', language: 'en' })
    await mykola.context.request.post('/api/auth/sign-up', { data: { code, ...MYKOLA } })
    await signIn(olena, OWNER)
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
      const response = await fetch(city.url + path, {
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
})
