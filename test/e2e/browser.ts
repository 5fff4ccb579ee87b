import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { en } from '../../web/src/i18n/en.ts'
import { uk } from '../../web/src/i18n/uk.ts'

/** Shown as a skip where there is no browser. */
export const browserThere = Boolean(process.env.CHROMIUM)

export type Language = 'uk' | 'en'
export type Words = typeof uk | typeof en
export const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const
export type Size = keyof typeof SIZES

/** A person in front of a screen: one browser context with one page, and the words it speaks. */
export interface Visitor {
  readonly context: BrowserContext
  readonly page: Page
  readonly words: Words
  readonly language: Language
  readonly size: Size
  /** What the page threw or complained about. */
  readonly complaints: readonly string[]
}

/** Debian's Chromium. `voice` is a WAV that its microphone hears once; without it the microphone beeps. */
export async function openBrowser(voice?: string): Promise<Browser> {
  return await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '',
    args: [
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      ...(voice === undefined ? [] : [`--use-file-for-fake-audio-capture=${voice}%noloop`]),
    ],
  })
}

interface Visit {
  readonly url: string
  readonly size: Size
  readonly language: Language
  /** Lets the page keep itself in this browser. A worker asks the city where a test cannot see it, so only the test of it does. */
  readonly worker?: boolean
}

/** How many times slower a page is made than it is, its requests late and out of order: `E2E_SLOWER=6 npx vitest run test/e2e` finds what holds only on a quick machine. */
const SLOWER = Number(process.env.E2E_SLOWER ?? 1)

export async function visit(
  browser: Browser,
  { url, size, language, worker = false }: Visit,
): Promise<Visitor> {
  const phone = size === 'phone'
  const context = await browser.newContext({
    baseURL: url,
    viewport: SIZES[size],
    locale: language === 'uk' ? 'uk-UA' : 'en-GB',
    timezoneId: 'Europe/Kyiv',
    hasTouch: phone,
    isMobile: phone,
    deviceScaleFactor: phone ? 2 : 1,
    permissions: ['microphone', 'clipboard-read', 'clipboard-write'],
    serviceWorkers: worker ? 'allow' : 'block',
  })
  context.setDefaultTimeout(60_000)
  const page = await context.newPage()
  if (SLOWER > 1) await slowDown(page)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    // What the network refuses is a state of the page, and shown there.
    if (message.type() === 'error' && !/Failed to load resource|WebSocket connection/.test(message.text()))
      complaints.push(message.text())
  })
  return { context, page, words: language === 'uk' ? uk : en, language, size, complaints }
}

async function slowDown(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: SLOWER })
  await page.context().route('**/*', async (route) => {
    await wait(Math.random() * 60 * SLOWER)
    // A page that was left meanwhile asks no more.
    await route.continue().catch(() => undefined)
  })
}

/** A sentence of the page with its parameters, as a pattern: `{{name}}` stands for whatever is not given. */
export function said(sentence: string, params: Readonly<Record<string, string | number>> = {}): RegExp {
  const pieces = sentence.split(/\{\{(\w+)\}\}/)
  const pattern = pieces.map((piece, i) =>
    i % 2 === 0 ? quoted(piece) : piece in params ? quoted(String(params[piece])) : '.+?',
  )
  return new RegExp(`^\\s*${pattern.join('')}\\s*$`)
}

const quoted = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Leaves a picture of the page among the test's screenshots. */
export async function shoot(page: Page, name: string): Promise<void> {
  const folder = join(import.meta.dirname, 'screenshots')
  mkdirSync(folder, { recursive: true })
  await page.mouse.move(0, 0)
  await page.evaluate('document.fonts.ready')
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' })
}

/** Waits until a cited passage is marked: in plain text by an element, in structured text and on printed pages by the browser's own highlight. */
export async function passageMarked(page: Page): Promise<void> {
  const marked = "document.querySelector('mark') !== null || (CSS.highlights.get('cited')?.size ?? 0) > 0"
  await expect.poll(() => page.evaluate(marked)).toBe(true)
}
