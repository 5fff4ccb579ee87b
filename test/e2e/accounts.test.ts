import { Secret, TOTP } from 'otpauth'
import { beforeAll, describe, expect, test } from 'vitest'
import { expectAccessible } from './accessible.ts'
import { browserThere, said, shoot, type Visitor } from './browser.ts'
import { createScene } from './scene.ts'

const MYKOLA = { name: 'Mykola Bondar', email: 'mykola@city.test', password: 'a rather long password' }
const FRESH = 'an even longer password'

describe.skipIf(!browserThere)('an account, from the door to the last key', { timeout: 240_000 }, () => {
  const scene = createScene()
  let olena: Visitor
  let mykola: Visitor

  beforeAll(async () => {
    await scene.open({ CITY_NAME: 'Надріччя', SIGN_UP: 'open' })
    olena = await scene.enter({ size: 'phone', language: 'uk', as: 'owner' })
    // Passkeys need a name: the city's own machine has one.
    mykola = await scene.enter({ size: 'desktop', language: 'en', host: 'localhost' })
  }, 240_000)

  async function signIn(password: string): Promise<void> {
    const { page, words } = mykola
    await page.getByLabel(words.auth.email, { exact: true }).fill(MYKOLA.email)
    await page.getByLabel(words.auth.password, { exact: true }).fill(password)
    await page.getByRole('button', { name: words.auth.signIn, exact: true }).click()
  }
  async function signOut(): Promise<void> {
    const { page, words } = mykola
    await page.goto('/account')
    await page.getByRole('button', { name: words.common.signOut }).click()
    await page.getByRole('heading', { name: words.auth.enterCity }).waitFor()
  }

  test('somebody asks at the door, waits, and is let in', async () => {
    const { page, words } = mykola
    await page.goto('/sign-in')
    await page.getByRole('link', { name: words.account.signUp }).click()
    await page.getByText(words.account.signUpApproval).waitFor()
    await expectAccessible(page)
    await page.getByLabel(words.auth.name, { exact: true }).fill(MYKOLA.name)
    await page.getByLabel(words.auth.email, { exact: true }).fill(MYKOLA.email)
    await page.getByLabel(words.auth.password, { exact: true }).fill(MYKOLA.password)
    await page.getByRole('button', { name: words.account.signUp }).click()
    await page.getByRole('heading', { name: words.account.waitingApproval }).waitFor()
    await shoot(page, 'waiting-en-desktop')

    const { page: theirs, words: uk } = olena
    await theirs.goto('/account')
    const letIn = theirs.getByRole('button', { name: `${uk.account.letIn}: ${MYKOLA.name}` })
    await letIn.waitFor()
    await letIn.scrollIntoViewIfNeeded()
    await expectAccessible(theirs)
    await shoot(theirs, 'account-waiting-uk-phone')
    await letIn.click()
    await theirs.getByText(uk.account.nobodyWaits).waitFor()
    await page.getByRole('link', { name: words.auth.signIn }).click()
    await signIn(MYKOLA.password)
    await page.getByText(words.city.empty).waitFor()
  })

  test('the second step is turned on; its recovery codes are shown once', async () => {
    const { page, words } = mykola
    await page.goto('/account/security')
    await page.getByText(words.account.thisOne, { exact: true }).waitFor()
    await page.getByRole('button', { name: `${words.account.totp}: ${words.account.turnOn}` }).click()
    await page.getByLabel(words.account.yourPassword, { exact: true }).fill(MYKOLA.password)
    await page.getByRole('button', { name: words.account.next }).click()
    await page.getByRole('img', { name: words.account.qr }).waitFor()
    await shoot(page, 'second-step-en-desktop')
    const secret = await page.getByRole('dialog').locator('code').innerText()
    const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate()
    await page.getByLabel(words.account.code, { exact: true }).fill(code)
    await page.getByRole('button', { name: words.account.turnOn, exact: true }).click()
    await page.getByRole('heading', { name: words.account.codesTitle }).waitFor()
    await expectAccessible(page)
    await shoot(page, 'security-en-desktop')
    const codes = (await page.locator('.once code').innerText()).split(/\s+/)
    expect(codes).toHaveLength(10)
    recovery = codes[0] ?? ''
  })
  let recovery = ''

  test('a passkey is added inside, and opens the city without a password', async () => {
    const { page, words, context } = mykola
    const devtools = await context.newCDPSession(page)
    await devtools.send('WebAuthn.enable')
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    })
    await page.getByRole('button', { name: words.account.addPasskey }).click()
    await page.getByLabel(words.account.passkeyName, { exact: true }).fill('Laptop')
    await page.getByRole('dialog').getByRole('button', { name: words.account.addPasskey }).click()
    await page.getByRole('button', { name: `${words.account.remove}: Laptop` }).waitFor()
    await signOut()
    await expectAccessible(page)
    await shoot(page, 'sign-in-passkey-en-desktop')
    await page.getByRole('button', { name: words.account.withPasskey }).click()
    await page.getByText(words.city.empty).waitFor()
    await page.goto('/account/security')
    await page.getByText(/last used/).waitFor()
    await page.getByRole('button', { name: `${words.account.remove}: Laptop` }).click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: new RegExp(words.account.remove) })
      .click()
    await page.getByText(words.account.noPasskeys).waitFor()
  })

  test('a password asks for the second step, and a recovery code answers it', async () => {
    const { page, words } = mykola
    await signOut()
    await signIn(MYKOLA.password)
    await page.getByRole('heading', { name: words.account.stepTitle }).waitFor()
    await page.getByLabel(words.account.stepCode, { exact: true }).fill('000000')
    await page.getByRole('button', { name: words.account.stepGo }).click()
    await page.getByRole('alert').waitFor()
    await expectAccessible(page)
    await shoot(page, 'step-en-desktop')
    await page.getByLabel(words.account.stepCode, { exact: true }).fill(recovery)
    await page.getByRole('button', { name: words.account.stepGo }).click()
    await page.getByText(words.city.empty).waitFor()
  })

  test('a forgotten password: the owner hands a link over, and the old session is gone at once', async () => {
    const { page, words } = mykola
    const other = await scene.enter({ size: 'phone', language: 'uk' })
    await other.page.goto('/sign-in')
    await other.page.getByRole('link', { name: other.words.account.forgotten }).click()
    // The door has a field of the same name.
    await other.page.getByRole('heading', { name: other.words.account.forgottenTitle }).waitFor()
    await other.page.getByLabel(other.words.auth.email, { exact: true }).fill(MYKOLA.email)
    await other.page.getByRole('button', { name: other.words.account.askLink }).click()
    await other.page.getByText(other.words.account.sentAdmin).waitFor()
    await expectAccessible(other.page)
    await shoot(other.page, 'forgotten-uk-phone')
    await olena.page.goto('/account')
    await olena.page.getByRole('button', { name: `${olena.words.account.showLink}: ${MYKOLA.name}` }).click()
    const link = await olena.page.getByText(/\/new-password#/).innerText()
    await other.page.goto(link)
    await other.page.getByLabel(other.words.account.newPassword, { exact: true }).fill(FRESH)
    await expectAccessible(other.page)
    await other.page.getByRole('button', { name: other.words.account.setPassword }).click()
    await other.page.getByRole('heading', { name: other.words.account.passwordSet }).waitFor()
    await page.reload()
    await page.getByRole('heading', { name: words.auth.enterCity }).waitFor()
    await other.page.goto('/sign-in')
    await other.page.goto(link)
    await other.page.getByLabel(other.words.account.newPassword, { exact: true }).fill(FRESH)
    await other.page.getByRole('button', { name: other.words.account.setPassword }).click()
    await other.page.getByRole('heading', { name: other.words.account.linkClosed }).waitFor()
    await other.context.close()
  })

  test('an address that is a number says where passkeys work; accounts elsewhere are linked by a code', async () => {
    const { page, words } = olena
    await page.goto('/account/security')
    await page.getByText(words.account.needsDomain).waitFor()
    expect(await page.getByRole('link', { name: /localhost/ }).getAttribute('href')).toMatch(
      /^http:\/\/localhost:\d+\/account\/security$/,
    )
    await page.getByText(words.account.thisOne, { exact: true }).waitFor()
    await expectAccessible(page)
    await shoot(page, 'security-uk-phone')
    await page.getByRole('button', { name: words.account.changePassword }).click()
    await page.getByLabel(words.account.oldPassword, { exact: true }).fill('not my password')
    await page.getByLabel(words.account.newPassword, { exact: true }).fill(FRESH)
    await page.getByRole('dialog').getByRole('button', { name: words.account.changePassword }).click()
    await page.getByText('Це не ваш пароль.').waitFor()
    await page.getByRole('button', { name: words.common.cancel }).click()
    await page.getByRole('link', { name: words.account.links }).click()
    await page
      .getByRole('button', { name: `${words.account.link}: ${words.account.provider.telegram}` })
      .click()
    await page.getByText(said(words.account.linkCodeAbout)).waitFor()
    await expectAccessible(page)
    await shoot(page, 'links-uk-phone')
  })

  test('nothing was complained about', () => {
    expect(olena.complaints).toEqual([])
    expect(mykola.complaints).toEqual([])
  })
})
