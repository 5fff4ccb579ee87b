import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openAiServer } from '../kit/openai-server.ts'
import { browserThere, said, shoot, type Visitor } from './browser.ts'
import { composer, messages, say } from './room.ts'
import { createScene } from './scene.ts'

describe.skipIf(!browserThere)('a line that is lost', { timeout: 240_000 }, () => {
  const scene = createScene()
  let llm: Awaited<ReturnType<typeof openAiServer>>
  let olena: Visitor

  beforeAll(async () => {
    llm = await openAiServer({ model: 'scripted' })
    await scene.open({ LLM_URL: llm.url, LLM_KEY: 'k', LLM_MODEL: 'scripted' })
    olena = await scene.enter({ size: 'desktop', language: 'en', as: 'owner' })
    await olena.page.goto('/rooms/square')
    await olena.page.getByText(olena.words.city.empty).waitFor()
  }, 240_000)
  afterAll(async () => {
    await llm?.[Symbol.asyncDispose]()
  })

  /** What the city holds, oldest first. */
  const stored = async () =>
    (await scene.owner.city.messages({ room: 'square', limit: 200 })).items.map(({ text }) => text)
  const shown = async (text: string) => await messages(olena).getByText(text, { exact: true }).count()

  test('what is written offline waits, and is sent once when the line is back', async () => {
    const { context, page, words } = olena
    await say(olena, 'Before the tunnel.')
    await expect.poll(stored).toEqual(['Before the tunnel.'])
    await context.setOffline(true)
    await say(olena, 'In the tunnel.')
    await say(olena, 'Still in the tunnel.')
    await page.getByText(words.city.offlineQueue_other.replace('{{word}}', 'Two')).waitFor()
    await expect.poll(() => page.getByText(words.city.waiting).count()).toBe(2)
    await shoot(page, 'offline-en-desktop')
    await context.setOffline(false)
    await page.getByText(words.city.waiting).first().waitFor({ state: 'detached' })
    await expect.poll(stored).toEqual(['Before the tunnel.', 'In the tunnel.', 'Still in the tunnel.'])
    await expect.poll(() => messages(olena).count()).toBe(3)
    await expect.poll(() => page.getByRole('button', { name: words.city.tryNow }).count()).toBe(0)
  })

  test('what waits to be sent is there after a reload', async () => {
    const { context, page, words } = olena
    await context.route('**/api/city/rooms/*/messages', (route) =>
      route.request().method() === 'POST' ? route.abort() : route.continue(),
    )
    await say(olena, 'Over a bad line.')
    await page.getByText(words.city.waiting).or(page.getByText(words.city.sending)).first().waitFor()
    await page.reload()
    await messages(olena).getByText('Over a bad line.').waitFor()
    expect(await stored()).not.toContain('Over a bad line.')
    await context.unroute('**/api/city/rooms/*/messages')
    await expect.poll(stored).toContain('Over a bad line.')
    await expect.poll(() => shown('Over a bad line.')).toBe(1)
  })

  test('a city killed in the middle of an answer comes back with nothing lost and nothing twice', async () => {
    const { page, words } = olena
    llm.always({ tokens: ['The answer ', 'came ', 'after ', 'all.'] })
    llm.next({ tokens: ['A half ', 'of ', 'an answer'], holdAfter: 2 })
    await say(olena, '@daarwizz are you there?')
    await messages(olena).and(page.locator('[aria-busy]')).getByText('A half of').waitFor()
    await scene.city.kill()
    await say(olena, 'Written while the city was dead.')
    await page.getByText(said(`${words.city.offline} ${words.city.offlineQueue_one}`)).waitFor()
    await composer(olena).fill('A draft that stays.')
    await shoot(page, 'killed-en-desktop')
    await scene.again()
    await messages(olena).getByText('The answer came after all.').waitFor()
    await page.getByText(words.city.waiting).first().waitFor({ state: 'detached' })
    await expect
      .poll(stored)
      .toEqual(expect.arrayContaining(['@daarwizz are you there?', 'Written while the city was dead.']))
    await page.getByRole('button', { name: words.city.tryNow }).waitFor({ state: 'detached' })
    const all = await stored()
    expect(new Set(all).size).toBe(all.length)
    expect(await page.getByRole('article', { name: 'DAARWIZZ' }).count()).toBe(1)
    expect(await shown('Written while the city was dead.')).toBe(1)
    expect(await composer(olena).inputValue()).toBe('A draft that stays.')
    await page.reload()
    await messages(olena).getByText('The answer came after all.').waitFor()
    await expect.poll(() => messages(olena).count()).toBe(all.length)
    await expect.poll(() => composer(olena).inputValue()).toBe('A draft that stays.')
  })

  test('an answer is stopped by who asked, and asked for again', async () => {
    const { page, words } = olena
    llm.next({ tokens: ['Far ', 'too ', 'long'], holdAfter: 2 })
    await say(olena, '@daarwizz tell me everything')
    await messages(olena).and(page.locator('[aria-busy]')).getByText('Far too').waitFor()
    await page.getByRole('button', { name: words.city.stop }).click()
    const asked = messages(olena).filter({ hasText: 'tell me everything' })
    await asked.getByText(said(words.city.runCancelled)).waitFor()
    llm.next({ tokens: ['In short: ', 'all is well.'] })
    await asked.getByRole('button', { name: words.city.askAgain }).click()
    await messages(olena).getByText('In short: all is well.').waitFor()
  })

  test('nothing was complained about', () => expect(olena.complaints).toEqual([]))
})
