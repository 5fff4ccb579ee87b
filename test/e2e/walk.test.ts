import { copyFileSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Browser, Locator } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { OWNER, type RunningCity, startCity, temporaryFolder } from '../kit/city.ts'
import { openAiServer } from '../kit/openai-server.ts'
import { expectAccessible } from './accessible.ts'
import {
  browserThere,
  dropFile,
  type Language,
  openBrowser,
  type Size,
  said,
  shoot,
  type Visitor,
  visit,
} from './browser.ts'
import { printContract } from './paper.ts'

const { FIXTURES_DIR = '', MODELS_DIR = '' } = process.env
const able = browserThere && FIXTURES_DIR !== '' && MODELS_DIR !== ''

/** What is said and heard in each language. */
const SCENES = {
  uk: {
    voice: 'uk-kamianets.wav',
    recordFor: '0:12',
    corrected:
      'Кам’янець-Подільський — місто в Хмельницькій області України, центр Кам’янець-Подільської міської об’єднаної територіальної громади.',
    greeting: 'Добрий вечір! Електрик лишив договір, зараз покладу сюди.',
    question: '@daarwizz яка гарантія на монтаж за договором і хто платить за кабель?',
    answer:
      'Гарантія на монтаж — **24 місяці** з дня підписання акта приймання-передавання [1]. Матеріали понад перелік, зокрема кабель, оплачує замовник за окремим рахунком [2].',
    inAnswer: '24 місяці',
    spokenLanguage: 'українська',
  },
  en: {
    voice: 'en-jfk.wav',
    recordFor: '0:11',
    corrected: 'And so, my fellow Americans, ask not what your country can do for you.',
    greeting: 'Good evening. The electrician left the contract, I am putting it here.',
    question: '@daarwizz яка гарантія за договором підряду?',
    answer: '',
    inAnswer: '24 (двадцяти чотирьох) місяців',
    spokenLanguage: 'English',
  },
} as const

const WALKS = [
  { language: 'uk', size: 'desktop', model: true },
  { language: 'en', size: 'phone', model: false },
] as const satisfies readonly { language: Language; size: Size; model: boolean }[]

describe.skipIf(!able).each(WALKS)(
  'a walk through the city ($language, $size, model: $model)',
  { timeout: 90_000 },
  (walk) => {
    const scene = SCENES[walk.language]
    const folder = temporaryFolder()
    let llm: Awaited<ReturnType<typeof openAiServer>>
    let city: RunningCity
    let browser: Browser
    let olena: Visitor
    /** Looks on from the other kind of screen, in the other language. */
    let taras: Visitor

    beforeAll(async () => {
      llm = await openAiServer({ model: 'scripted' })
      llm.always({ tokens: scene.answer.split(/(?<= )/), delayMs: 60 })
      const model = walk.model ? { LLM_URL: llm.url, LLM_KEY: 'k', LLM_MODEL: 'scripted' } : {}
      const env = { DATA_DIR: folder.path, MODELS_DIR, CITY_NAME: 'Надріччя', ...model }
      ;[city, browser] = await Promise.all([
        startCity(env),
        openBrowser(join(FIXTURES_DIR, 'speech', scene.voice)),
      ])
      olena = await visit(browser, { url: city.url, size: walk.size, language: walk.language })
      taras = await visit(browser, {
        url: city.url,
        size: walk.size === 'desktop' ? 'phone' : 'desktop',
        language: walk.language === 'uk' ? 'en' : 'uk',
      })
    }, 120_000)
    afterAll(async () => {
      await browser?.close()
      await city?.stop()
      await llm?.[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    }, 60_000)

    afterEach(async ({ task }) => {
      if (task.result?.state === 'fail') await shoot(olena.page, name(`failed ${task.name.slice(0, 20)}`))
    })

    const name = (what: string) => `${what}-${walk.language}-${walk.size}`
    const messages = ({ page }: Visitor) => page.getByRole('log').getByRole('article')
    const composer = ({ page, words }: Visitor) => page.getByRole('textbox', { name: words.city.message })

    test('the first link makes the owner, who stands in the square', async () => {
      const { page, words } = olena
      await page.goto(`/welcome#${city.welcome}`)
      const found = page.getByRole('button', { name: words.auth.foundCity })
      await found.click()
      await page.getByText(words.auth.fault.nameMissing).waitFor()
      await page.getByLabel(words.auth.name, { exact: true }).fill('Олена Гнатюк')
      await page.getByLabel(words.auth.email, { exact: true }).fill(OWNER.email)
      await page.getByLabel(words.auth.password, { exact: true }).fill(OWNER.password)
      await expectAccessible(page)
      await shoot(page, name('welcome'))
      await found.click()
      await page.getByRole('heading', { level: 1, name: 'Площа' }).waitFor()
      expect(page.url()).not.toContain('#')
      await page.getByText(words.city.empty).waitFor()
      await expectAccessible(page)
      if (walk.size === 'desktop') return
      await page.getByRole('link', { name: words.city.mutedPhone }).click()
      await page.getByRole('link', { name: 'DAARWIZZ' }).waitFor()
      await expectAccessible(page)
      await shoot(page, name('rooms'))
      await page.getByRole('link', { name: 'Площа' }).click()
      await page.getByText(words.city.empty).waitFor()
    })

    test('a resident signs in and comes to where they were going', async () => {
      const { page, words } = taras
      const invited = await olena.context.request.post('/api/auth/invitations', { data: {} })
      const { token } = await invited.json()
      const account = { token, email: 'taras@city.test', password: OWNER.password, name: 'Тарас Бондар' }
      await answered(`${city.url}/api/auth/sign-up/invitation`, account)
      await page.goto('/rooms/square')
      await page.getByLabel(words.auth.email, { exact: true }).fill(account.email)
      await page.getByLabel(words.auth.password, { exact: true }).fill('a wrong password')
      await page.getByRole('button', { name: words.auth.signIn }).click()
      await page.getByRole('alert').waitFor()
      await expectAccessible(page)
      await shoot(page, `sign-in-${taras.language}-${taras.size}`)
      await page.getByLabel(words.auth.password, { exact: true }).fill(account.password)
      await page.getByRole('button', { name: words.auth.signIn }).click()
      await page.getByText(words.city.empty).waitFor()
    })

    test('what is written stands in the other browser at once', async () => {
      await composer(olena).fill(scene.greeting)
      await composer(olena).press('Enter')
      await messages(taras).getByText(scene.greeting).waitFor({ timeout: 3_000 })
      await messages(olena).getByText(scene.greeting).waitFor()
      await expect.poll(() => messages(olena).count()).toBe(1)
    })

    test('a voice is recorded, heard, transcribed and corrected by who spoke', async () => {
      const { page, words } = olena
      await page.getByRole('button', { name: words.city.record }).click()
      const recorder = page.getByRole('region', { name: words.city.recording })
      await recorder.getByText('0:04').waitFor()
      await shoot(page, name('recording'))
      await recorder.getByText(scene.recordFor).waitFor()
      await recorder.getByRole('button', { name: words.city.sendRecord }).click()
      const note = messages(olena).filter({ has: page.locator('audio') })
      await note.getByRole('button', { name: said(words.city.play) }).waitFor({ timeout: 3_000 })
      const heard = messages(taras).filter({ has: taras.page.locator('audio') })
      await heard.waitFor()
      await note.getByText(`${words.city.transcript} · ${scene.spokenLanguage}`).waitFor({ timeout: 60_000 })
      expect(await heard.getByRole('button', { name: taras.words.city.correct }).count()).toBe(0)
      await note.getByRole('button', { name: words.city.correct }).click()
      const editor = note.getByRole('textbox', { name: words.city.correctionLabel })
      expect((await editor.inputValue()).length).toBeGreaterThan(20)
      await editor.fill(scene.corrected)
      await note.getByRole('button', { name: words.common.save }).click()
      await note.getByText(scene.corrected).waitFor()
      await note.getByText(words.city.corrected).waitFor()
      await heard.getByText(scene.corrected).waitFor()
    })

    test('a photo is seen at once and read', async () => {
      const { page, words } = olena
      const bytes = readFileSync(join(FIXTURES_DIR, 'images/uk-notice.jpg'))
      await attach(olena, { name: 'Оголошення.jpg', type: 'image/jpeg', bytes })
      await page.getByRole('button', { name: words.city.send, exact: true }).click()
      const photo = messages(olena).filter({ has: page.locator('figure') })
      await picture(photo.locator('figure img'))
      await picture(messages(taras).locator('figure img'))
      await photo.getByText(/Шановні мешканці/).waitFor({ timeout: 60_000 })
      await messages(taras)
        .getByText(/Шановні мешканці/)
        .waitFor()
    })

    test('a document is read page by page, and every page is accounted for', async () => {
      const { page, words } = olena
      const bytes = await printContract(browser)
      await attach(olena, { name: 'Договір підряду № 14-11.pdf', type: 'application/pdf', bytes })
      await page.getByRole('button', { name: words.city.send, exact: true }).click()
      const card = messages(olena).filter({ hasText: 'Договір підряду' })
      await card
        .getByText(words.city.readingDocument)
        .or(card.getByText(said(words.city.pagesDone)))
        .first()
        .waitFor()
      const ledger = {
        uk: '6 сторінок: 4 прочитано, 1 розпізнано, 1 порожня',
        en: '6 pages: 4 read, 1 by OCR, 1 empty',
      }
      await card.getByText(ledger[walk.language]).waitFor({ timeout: 60_000 })
      await messages(taras).getByText(ledger[taras.language]).waitFor()
    })

    test('a question is answered from it, streamed where there is a model, with its sources', async () => {
      const { page, words } = olena
      await composer(olena).fill(scene.question)
      await composer(olena).press('Enter')
      if (walk.model) {
        const stop = page.getByRole('button', { name: words.city.stop })
        await stop.waitFor()
        await messages(taras).and(taras.page.locator('[aria-busy]')).getByText('Гарантія на монтаж').waitFor()
        expect(await taras.page.getByRole('button', { name: taras.words.city.stop }).count()).toBe(0)
        await shoot(page, name('streaming'))
      }
      const answer = messages(olena)
        .filter({ hasText: scene.inAnswer })
        .filter({ has: page.locator('.srcs') })
      const source = answer.getByRole('list', { name: words.city.sources }).getByRole('button', {
        name: `Договір підряду № 14-11.pdf, ${words.city.page.replace('{{page}}', '3')}`,
      })
      await source.waitFor()
      await expect.poll(() => page.getByRole('article', { name: 'DAARWIZZ' }).count()).toBe(1)
      await expectAccessible(page)
      await shoot(page, name('room'))
      await source.click()
      await page.locator('mark').waitFor()
      await page
        .getByText(said(words.city.pageOf, { page: 3, total: 6 }))
        .first()
        .waitFor()
      await expectAccessible(page)
      await shoot(page, name('source'))
      if (walk.model) copyFileSync(shot(name('source')), resolve(import.meta.dirname, '../../docs/room.png'))
      await page.getByRole('link', { name: said(words.city.openAtPage, { page: 3 }) }).click()
      await page.waitForURL(/\/documents\/.+page=3/)
    })

    test('nothing was complained about', () => {
      expect(olena.complaints).toEqual([])
      expect(taras.complaints).toEqual([])
    })
  },
)

async function answered(url: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  expect(response.ok, await response.text()).toBe(true)
}

const shot = (name: string) => join(import.meta.dirname, 'screenshots', `${name}.png`)

interface Given {
  readonly name: string
  readonly type: string
  readonly bytes: Uint8Array
}

/** With a mouse a file is dropped on the talk; on a phone it is picked. */
async function attach({ page, words, size }: Visitor, file: Given): Promise<void> {
  if (size === 'desktop') return await dropFile(page, page.getByRole('log'), file)
  const chosen = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: words.city.addFile }).click()
  const { name, type, bytes } = file
  await (await chosen).setFiles({ name, mimeType: type, buffer: Buffer.from(bytes) })
}

/** Waits until a picture has come and is drawn. */
async function picture(image: Locator): Promise<void> {
  await image.waitFor()
  const width = () => image.evaluate((element: { naturalWidth?: number }) => element.naturalWidth)
  await expect.poll(width, { timeout: 5_000 }).toBeGreaterThan(0)
}
