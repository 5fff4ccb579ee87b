import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { ask } from '../kit/ask.ts'
import { BAD } from '../kit/bad-files.ts'
import { OWNER } from '../kit/city.ts'
import { expectAccessible } from './accessible.ts'
import { browserThere, SIZES, said, shoot, type Visitor } from './browser.ts'
import { composer, messages, say, sendFile } from './room.ts'
import { createScene } from './scene.ts'

const { FIXTURES_DIR, MODELS_DIR } = process.env
/** A model that nobody serves, for the page to show; the librarian goes on answering. */
const MODELS = `providers:
  near: { url: "http://127.0.0.1:9/v1", key: NEAR_KEY }
models:
  near-1: { provider: near, kind: embeddings, price: { input: 0.02 } }
aliases:
  city: { use: [librarian] }
`

describe.skipIf(!browserThere)('a young city without models', { timeout: 240_000 }, () => {
  const scene = createScene()
  let olena: Visitor
  let petro: Visitor

  beforeAll(async () => {
    const rules = join(scene.folder, 'router-v2.yaml')
    writeFileSync(rules, RULES)
    const env = {
      MODELS_DIR: join(scene.folder, 'models'),
      CITY_NAME: 'Надріччя',
      ROUTER_V2_RULES: rules,
      MODELS_FILE: join(scene.folder, 'models.yaml'),
    }
    await scene.open({ ...env, ...(MODELS_DIR && { MODELS_MIRROR: MODELS_DIR }) })
    olena = await scene.enter({ size: 'phone', language: 'uk', as: 'owner' })
    petro = await scene.enter({ size: 'desktop', language: 'en' })
  }, 240_000)

  test('an invitation is made, and lets a second resident in once', async () => {
    const { page, words } = olena
    await page.goto('/account')
    await page.getByRole('button', { name: words.auth.newInvitation }).click()
    await expectAccessible(page)
    await page.getByRole('button', { name: words.auth.makeLink }).click()
    const link = await page.getByText(/\/invitation#/).innerText()
    await expectAccessible(page)
    await shoot(page, 'account-uk-phone')
    await petro.page.goto(link)
    await petro.page.getByText(petro.words.auth.role.resident, { exact: true }).waitFor()
    await petro.page.getByLabel(petro.words.auth.name, { exact: true }).fill('Петро Ткачук')
    await petro.page.getByLabel(petro.words.auth.email, { exact: true }).fill('petro@city.test')
    await petro.page.getByLabel(petro.words.auth.password, { exact: true }).fill(OWNER.password)
    await expectAccessible(petro.page)
    await shoot(petro.page, 'invitation-en-desktop')
    await petro.page.getByRole('button', { name: petro.words.auth.accept }).click()
    await petro.page.getByText(petro.words.city.empty).waitFor()
    const third = await scene.enter({ size: 'phone', language: 'uk' })
    await third.page.goto(link)
    await third.page.getByRole('heading', { name: third.words.auth.invitationClosed }).waitFor()
    await third.context.close()
  })

  test('everything is reached by the keyboard alone', async () => {
    const { page, words } = petro
    await page.reload()
    await expect.poll(() => focused(petro)).toBe(words.city.message)
    await page.keyboard.type('Written without a mouse.')
    await press(page, 'Enter')
    await messages(petro).getByText('Written without a mouse.').waitFor()
    await page.keyboard.type('And once more.')
    await press(page, 'Enter')
    await messages(petro).getByText('And once more.').waitFor()
    // Back to the log, up to the first message, and an answer to it.
    for (let n = 0; n < 12 && (await focused(petro)) !== words.city.log; n++) await press(page, 'Shift+Tab')
    expect(await focused(petro)).toBe(words.city.log)
    await press(page, 'ArrowUp')
    await expect.poll(() => focusedText(petro)).toContain('And once more.')
    await press(page, 'ArrowUp')
    await expect.poll(() => focusedText(petro)).toContain('Written without a mouse.')
    await press(page, 'r')
    await page.getByText(words.city.replyTo.replace('{{name}}', 'Петро Ткачук')).waitFor()
    await expect.poll(() => focused(petro)).toBe(words.city.message)
    await page.keyboard.type('An answer.')
    await press(page, 'Enter')
    await messages(petro).filter({ hasText: 'An answer.' }).locator('.answers').waitFor()
    await press(page, 'Alt+ArrowDown')
    await page.getByRole('heading', { level: 1, name: 'DAARWIZZ' }).waitFor()
    await press(page, 'Alt+ArrowUp')
    await page.getByRole('heading', { level: 1, name: 'Площа' }).waitFor()
    await expectAccessible(page)
    await shoot(page, 'room-en-desktop')
  })

  test('without a model the librarian answers in one’s own room, and says what it is', async () => {
    const { page, words } = petro
    await press(page, 'Alt+ArrowDown')
    await page.getByRole('heading', { level: 1, name: 'DAARWIZZ' }).waitFor()
    await shoot(page, 'direct-en-desktop')
    await say(petro, 'The key to the attic hangs behind the boiler.')
    await say(petro, 'Where is the key to the attic?')
    await messages(petro)
      .getByText(/not a language model/)
      .last()
      .waitFor()
    await messages(petro).getByText('“The key to the attic hangs behind the boiler.”').waitFor()
    await page.getByRole('list', { name: words.city.sources }).first().waitFor()
  })

  test('a bad file is refused in one sentence', async () => {
    const { page, words } = olena
    await page.goto('/rooms/square')
    await composer(olena).waitFor()
    for (const [name, type, sentence] of REFUSED) {
      const bad = BAD.find((one) => one.name === name)
      await sendFile(olena, { name, type, bytes: (await bad?.bytes()) ?? new Uint8Array() })
      const refused = messages(olena).filter({ hasText: name })
      await refused.getByText(sentence).waitFor()
    }
    await shoot(page, 'refused-uk-phone')
    await expectAccessible(page)
    for (const [name] of REFUSED) {
      const refused = messages(olena).filter({ hasText: name })
      await refused.getByRole('button', { name: words.city.discard }).click()
      await refused.waitFor({ state: 'detached' })
    }
    await pick(olena, join(scene.folder, 'порожній.txt'), 0)
    await page.getByText(said(words.city.emptyFile, { name: 'порожній.txt' })).waitFor()
    await pick(olena, join(scene.folder, 'фільм.wav'), 40_000_000)
    await page.getByText(said(words.city.tooLarge, { name: 'фільм.wav' })).waitFor()
    expect(await page.getByRole('button', { name: words.city.send, exact: true }).isDisabled()).toBe(true)
  })

  test.skipIf(!FIXTURES_DIR || !MODELS_DIR)(
    'a missing model is offered to the owner, who installs it; the voice is then heard',
    async () => {
      const { page, words } = olena
      const bytes = readFileSync(join(FIXTURES_DIR ?? '', 'speech/en-jfk.ogg'))
      await sendFile(olena, { name: 'промова.ogg', type: 'audio/ogg', bytes })
      const voice = messages(olena).filter({ has: page.getByText(words.city.modelMissing.speech) })
      await voice.getByRole('button', { name: words.city.install }).waitFor()
      await expectAccessible(page)
      await shoot(page, 'engine-missing-uk-phone')
      await petro.page.goto('/rooms/square')
      await messages(petro).getByText(petro.words.city.modelMissingMember).waitFor()
      await voice.getByRole('button', { name: words.city.install }).click()
      await messages(olena)
        .getByText(/ask not what your country/i)
        .waitFor({ timeout: 180_000 })
    },
  )

  test('the owner sees the state of the city; nobody else is shown it', async () => {
    const { page, words } = olena
    await page.goto('/operator')
    await page.getByRole('heading', { level: 1, name: words.common.operator }).waitFor()
    await page.getByText('whisper-base').first().waitFor()
    await expectAccessible(page)
    await shoot(page, 'operator-uk-phone')
    await page.setViewportSize(SIZES.desktop)
    await shoot(page, 'operator-uk-desktop')
    await page.setViewportSize(SIZES.phone)
    expect(await petro.page.getByRole('link', { name: petro.words.common.operator }).count()).toBe(0)
  })

  test('the owner splits requests between the routers, takes it back, sees how they differ and why', async () => {
    const { page, words } = olena
    const { routers } = words.operator
    const whole = () => page.getByText(routers.means.all).waitFor()
    await page.getByRole('link', { name: routers.hint }).click()
    await page.getByRole('heading', { level: 1, name: routers.title }).waitFor()
    await whole()
    await page.getByText(routers.nothingCompared).waitFor()
    const split = async () => {
      await page
        .getByRole('group', { name: routers.stage })
        .getByRole('button', { name: '0 %', exact: true })
        .click()
      await page.getByLabel(routers.shadow).fill('100')
      await page.getByRole('button', { name: routers.apply }).click()
    }
    await split()
    await page.getByRole('button', { name: words.common.undo }).click()
    await whole()
    await split()
    await page.getByText(routers.means.none).waitFor()

    const { key } = scene.owner
    for (let n = 0; n < 22; n++) {
      const json = { message: n === 0 ? 'Яка оренда зали?' : `Котра година? ${n}` }
      expect((await ask(scene.city.url, 'POST /api/route', { key, json })).body).toMatchObject({
        router: 'v1',
      })
      // Four at most are compared at a time: more at once would thin the sample.
      await expect
        .poll(async () => (await ask(scene.city.url, 'GET /api/router/differences', { key })).body.compared)
        .toBe(n + 1)
    }
    await page.getByRole('button', { name: routers.look }).click()
    const rows = page.getByRole('region', { name: routers.differences }).getByRole('listitem')
    await rows.getByText('metadata.rule').waitFor()
    expect(await rows.count()).toBe(1)
    await page.getByRole('button', { name: routers.allCompared }).click()
    await expect.poll(() => rows.count()).toBe(20)
    await page.getByRole('button', { name: words.common.more }).click()
    await expect.poll(() => rows.count()).toBe(22)
    await page.getByRole('button', { name: routers.onlyDifferent }).click()

    await page.getByLabel(routers.question).fill('Яка оренда зали?')
    await page.getByRole('button', { name: routers.explain }).click()
    await page.getByText(said(routers.byRule, { rule: 'оренда' })).waitFor()
    await page
      .locator('.rt-considered .rt-holds')
      .filter({ hasText: 'text.any' })
      .getByText('оренд або rent')
      .waitFor()
    await page.getByText(routers.later).waitFor()
    await expectAccessible(page)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(SIZES.phone.width)
    await shootWhole(olena, 'routers-uk-phone')
    await page.setViewportSize(SIZES.desktop)
    await shootWhole(olena, 'routers-uk-desktop', SIZES.desktop.width)
    await page.setViewportSize(SIZES.phone)
    await ask(scene.city.url, 'PUT /api/router/weight', { key, json: { weight: 100, shadow: 0 } })
  })

  test('the owner tests a model, is refused a wrong file with its line, saves a right one, bounds what is spent', async () => {
    const { page, words } = olena
    const { llm } = words.operator
    await page.goto('/operator')
    await page.getByRole('link', { name: llm.hint }).click()
    await page.getByRole('heading', { level: 1, name: llm.title }).waitFor()
    await page.getByRole('button', { name: said(llm.tryOne, { model: 'librarian' }) }).click()
    await page.locator('.llm-tried p').first().waitFor()

    const file = page.getByRole('textbox', { name: /models\.yaml$/ })
    await file.fill('models:\n  near-1: { provider: nobody }\n')
    await page.getByRole('button', { name: llm.check, exact: true }).click()
    await page.getByText(/2: models\.near-1\.provider: there is no provider nobody/).waitFor()
    await page.getByText(llm.kept).waitFor()
    await file.fill(MODELS)
    await page.getByRole('button', { name: llm.check, exact: true }).click()
    const changes = page.getByRole('region', { name: llm.changes })
    await changes.getByText('+ models:').waitFor()
    await page.getByRole('button', { name: words.common.save, exact: true }).click()
    await page.getByText(llm.saved).waitFor()
    await page.locator('.mdl b').getByText('near-1', { exact: true }).waitFor({ timeout: 60_000 })
    await page.locator('.mdl .meta').getByText('NEAR_KEY').waitFor()

    await page.getByLabel(llm.amount).fill('5')
    await page.getByRole('button', { name: llm.setBudget }).click()
    await page
      .getByRole('region', { name: llm.budgets, exact: true })
      .getByText(llm.per.usd_month, { exact: false })
      .first()
      .waitFor()
    const usage = page.getByRole('region', { name: llm.usage, exact: true }).first()
    await usage.getByLabel(llm.by, { exact: true }).selectOption({ label: llm.group.model })
    await usage.getByRole('rowheader', { name: 'librarian' }).waitFor()
    const csv = await usage.getByRole('link', { name: llm.csv }).getAttribute('href')
    expect(csv).toMatch(/^\/api\/llm\/usage\?.*by=model.*format=csv/)
    expect(await page.evaluate(async (href) => await (await fetch(href)).text(), csv ?? '')).toMatch(
      /^model,requests,lost,tokens_in,tokens_out,usd\r\n"librarian",/,
    )
    await expectAccessible(page)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(SIZES.phone.width)
    await shootWhole(olena, 'models-uk-phone')
    await page.setViewportSize(SIZES.desktop)
    await shootWhole(olena, 'models-uk-desktop', SIZES.desktop.width)
    await page.setViewportSize(SIZES.phone)

    const { key } = scene.owner
    const { digest } = (await ask(scene.city.url, 'GET /api/llm/file', { key })).body
    await ask(scene.city.url, 'PUT /api/llm/file', { key, json: { text: '', digest } })
    await ask(scene.city.url, 'PUT /api/llm/budgets', { key, json: { items: [] } })
  })

  test('nothing was complained about', () => {
    expect(olena.complaints).toEqual([])
    expect(petro.complaints).toEqual([])
  })
})

const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
const REFUSED = [
  ['cut.jpg', 'image/jpeg', 'Файл пошкоджено або обрізано, відкрити його неможливо.'],
  ['locked.docx', DOCX, 'Документ замкнено паролем.'],
  ['bomb.docx', DOCX, 'Розпакований файл був би завеликим.'],
  ['silent.wav', 'audio/wav', 'У цьому файлі немає звуку.'],
] as const

const RULES = `
rules:
  - name: оренда
    about: Про зали й оренду
    priority: 10
    when: {text: {any: ['оренд', 'rent']}}
    use: {model: city}
  - name: зали
    when: {language: uk, text: зал}
    use: {model: city, maxUsd: 0.05}
`

/** A picture of all that one scrolls through. */
async function shootWhole({ page }: Visitor, name: string, width: number = SIZES.phone.width): Promise<void> {
  const height = await page.locator('.scroll').evaluate((scroll) => scroll.scrollHeight)
  await page.setViewportSize({ width, height: height + 160 })
  await shoot(page, name)
}

/** The accessible name of what has the focus, as far as an attribute gives it. */
const focused = ({ page }: Visitor) => page.locator(':focus').getAttribute('aria-label')
/** The words of the message that has the focus; the log around it holds the same words and is not meant. */
const focusedText = ({ page }: Visitor) => page.locator('.msg:focus').innerText()

async function press(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key)
}

/** Picks a file of zeros without sending it. */
async function pick({ page, words }: Visitor, path: string, length: number): Promise<void> {
  writeFileSync(path, '')
  truncateSync(path, length)
  const chosen = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: words.city.addFile }).click()
  await (await chosen).setFiles(path)
}
