import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OWNER } from '../kit/city.ts'
import { openAiServer } from '../kit/openai-server.ts'
import { expectAccessible } from './accessible.ts'
import {
  browserThere,
  type Language,
  passageMarked,
  type Size,
  said,
  shoot,
  type Visitor,
} from './browser.ts'
import { printContract } from './paper.ts'
import { drawn, messages, say, sendFile } from './room.ts'
import { createScene } from './scene.ts'

const { FIXTURES_DIR = '', MODELS_DIR = '' } = process.env
const able = browserThere && FIXTURES_DIR !== '' && MODELS_DIR !== ''

/** What is said, heard and asked in each language. */
const SCENES = {
  uk: {
    voice: 'uk-kamianets.wav',
    recordFor: '0:12',
    corrected:
      'Кам’янець-Подільський — місто в Хмельницькій області України, центр Кам’янець-Подільської міської об’єднаної територіальної громади і Кам’янець-Подільського району.',
    spokenLanguage: 'українська',
    greeting: 'Добрий вечір! У суботу не буде води, а на грудень збираємо поїздку.',
    reply: 'Дякую! Їдемо втрьох, якщо буде куди покласти валізи.',
    document: 'Договір про екскурсію.pdf',
    ledger: {
      uk: '6 сторінок: 4 прочитано, 1 розпізнано, 1 порожня',
      en: '6 pages: 4 read, 1 by OCR, 1 empty',
    },
    question: '@daarwizz скільки коштує поїздка за договором і чи повернуть гроші, якщо відмовитися?',
    answer:
      'Гроші повертають повністю, якщо відмовитися **до 1 грудня**, пізніше — половину [1]. Місце можна передати сусідові без доплати [1]. Коштує воно **1 450 гривень** [2].',
    inAnswer: '1 450 гривень',
  },
  en: {
    voice: 'en-jfk.wav',
    recordFor: '0:09',
    corrected: 'And so, my fellow Americans, ask not what your country can do for you.',
    spokenLanguage: 'English',
    greeting: 'Good evening. I am putting the paper here.',
    reply: 'Дякую, читаю.',
    document: 'tracemonkey.pdf',
    ledger: { uk: '14 сторінок: 14 прочитано', en: '14 pages: 14 read' },
    question: '@daarwizz what is a side exit?',
    answer: '',
    inAnswer: 'side exit',
  },
} as const

const WALKS = [
  { language: 'uk', size: 'desktop', model: true },
  { language: 'en', size: 'phone', model: false },
] as const satisfies readonly { language: Language; size: Size; model: boolean }[]

describe.skipIf(!able).each(WALKS)(
  'a walk through the city ($language, $size, model: $model)',
  { timeout: 240_000 },
  (walk) => {
    const scene = SCENES[walk.language]
    const stage = createScene()
    let llm: Awaited<ReturnType<typeof openAiServer>>
    let olena: Visitor
    /** Looks on from the other kind of screen, in the other language. */
    let taras: Visitor

    beforeAll(async () => {
      llm = await openAiServer({ model: 'scripted' })
      llm.always({ tokens: scene.answer.split(/(?<= )/), delayMs: 60 })
      const model = walk.model ? { LLM_URL: llm.url, LLM_KEY: 'k', LLM_MODEL: 'scripted' } : {}
      const voice = join(FIXTURES_DIR, 'speech', scene.voice)
      await stage.open({ MODELS_DIR, CITY_NAME: 'Надріччя', ...model }, { voice, ownerless: true })
      const { size, language } = walk
      olena = await stage.enter({ size, language })
      taras = await stage.enter({
        size: size === 'desktop' ? 'phone' : 'desktop',
        language: language === 'uk' ? 'en' : 'uk',
      })
    }, 240_000)
    afterAll(async () => {
      await llm?.[Symbol.asyncDispose]()
    })

    const name = (what: string) => `${what}-${walk.language}-${walk.size}`
    test('the first link makes the owner, who stands in the square', async () => {
      const { page, words } = olena
      await page.goto(`/welcome#${stage.city.welcome}`)
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
      const { code } = await invited.json()
      const account = { code, email: 'taras@city.test', password: OWNER.password, name: 'Тарас Бондар' }
      await answered(`${stage.city.url}/api/auth/sign-up`, account)
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
      await say(olena, scene.greeting)
      await messages(taras).getByText(scene.greeting).waitFor()
      await expect.poll(() => messages(olena).count()).toBe(1)
    })

    test('a photo is seen at once and read', async () => {
      const bytes = readFileSync(join(FIXTURES_DIR, 'images/uk-notice.jpg'))
      await sendFile(olena, { name: 'Оголошення.jpg', type: 'image/jpeg', bytes })
      const photo = messages(olena).filter({ has: olena.page.locator('figure') })
      await drawn(photo.locator('figure img'))
      await drawn(messages(taras).locator('figure img'))
      await photo.getByText(/Шановні мешканці/).waitFor({ timeout: 180_000 })
      await messages(taras)
        .getByText(/Шановні мешканці/)
        .waitFor()
      await say(taras, scene.reply)
      await messages(olena).getByText(scene.reply).waitFor()
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
      await note.getByRole('button', { name: said(words.city.play) }).waitFor()
      const heard = messages(taras).filter({ has: taras.page.locator('audio') })
      await heard.waitFor()
      await note.getByText(`${words.city.transcript} · ${scene.spokenLanguage}`).waitFor({ timeout: 180_000 })
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

    test('a document is read page by page, and every page is accounted for', async () => {
      const { words } = olena
      const bytes =
        walk.language === 'uk'
          ? await printContract(stage.browser)
          : readFileSync(join(FIXTURES_DIR, 'documents/tracemonkey.pdf'))
      await sendFile(olena, { name: scene.document, type: 'application/pdf', bytes })
      const card = messages(olena).filter({ hasText: scene.document })
      await card
        .getByText(words.city.readingDocument)
        .or(card.getByText(said(words.city.pagesDone)))
        .first()
        .waitFor()
      await card.getByText(scene.ledger[walk.language]).waitFor({ timeout: 180_000 })
      await messages(taras).getByText(scene.ledger[taras.language]).waitFor()
    })

    test('a question is answered from it, streamed where there is a model, with its sources', async () => {
      const { page, words } = olena
      await say(olena, scene.question)
      if (walk.model) {
        await page.getByRole('button', { name: words.city.stop }).waitFor()
        await messages(taras).and(taras.page.locator('[aria-busy]')).getByText('Гроші повертають').waitFor()
        expect(await taras.page.getByRole('button', { name: taras.words.city.stop }).count()).toBe(0)
        await shoot(page, name('streaming'))
      }
      const answer = page.getByRole('article', { name: 'DAARWIZZ' })
      const sources = answer.getByRole('list', { name: words.city.sources }).getByRole('button')
      await sources.first().waitFor()
      await answer.getByText(scene.inAnswer).first().waitFor()
      // A printed page calls itself by its address; people know it by its file name.
      if (walk.model) expect(await sources.first().innerText()).toContain(scene.document)
      expect(await answer.count()).toBe(1)
      expect(await page.getByRole('button', { name: words.city.stop }).count()).toBe(0)
      await expectAccessible(page)
      await shoot(page, name('room'))
      if (walk.model) {
        await answer.getByRole('button', { name: words.listening.listen }).click()
        // Where the machine has no voice, whoever keeps the city learns what brings one.
        const reads = answer.getByRole('button', { name: words.listening.stopRobot })
        await reads.or(page.getByText(words.listening.none)).first().waitFor()
      }
      await sources.first().click()
      await passageMarked(page)
      await expectAccessible(page)
      await shoot(page, name('source'))
    })

    test('the source opens in the document at its page', async () => {
      const { page, words } = olena
      await page.getByRole('link', { name: said(words.city.openAtPage) }).click()
      await page.waitForURL(/\/documents\/.+page=\d/)
      await passageMarked(page)
      await expectAccessible(page)
      await shoot(page, name('document'))
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
