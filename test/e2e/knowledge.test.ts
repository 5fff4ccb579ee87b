import { beforeAll, describe, expect, test } from 'vitest'
import { expectAccessible } from './accessible.ts'
import { browserThere, passageMarked, shoot, type Visitor } from './browser.ts'
import { printContract } from './paper.ts'
import { createScene } from './scene.ts'

describe.skipIf(!browserThere)('the page of knowledge', { timeout: 240_000 }, () => {
  const scene = createScene()
  let visitor: Visitor

  beforeAll(async () => {
    await scene.open({ WEB_SEARCH: 'off' })
    visitor = await scene.enter({ size: 'phone', language: 'uk', as: 'owner' })
  }, 240_000)

  test('a resident makes a collection, brings files, sees what failed and why, and opens a hit at its passage', async () => {
    const { page, words } = visitor
    const { knowledge } = words
    await page.goto('/rooms')
    await page.getByRole('link', { name: words.common.knowledge }).click()
    await page.getByLabel(knowledge.newCollection).fill('Папери двору')
    await page.getByRole('button', { name: knowledge.make }).click()
    await page.getByRole('heading', { name: knowledge.documents }).waitFor()
    await page.getByLabel(knowledge.addFiles).setInputFiles([
      {
        name: 'тарифи.md',
        mimeType: 'text/markdown',
        buffer: Buffer.from(
          '# Тарифи\n\n| Послуга | Ціна |\n| --- | --- |\n| Вода | 10 |\n\nЗміни схвалює рада двору.',
        ),
      },
      { name: 'зламаний.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7 nothing of one') },
    ])
    const list = page.getByRole('region', { name: knowledge.documents })
    await list.locator('.fail').waitFor()
    await list.getByRole('button', { name: knowledge.readAgain }).waitFor()
    await page.getByLabel(knowledge.query).fill('хто схвалює зміни?')
    await page.getByRole('button', { name: knowledge.find }).click()
    const hit = page.getByRole('region', { name: knowledge.search }).getByRole('link').first()
    await hit.waitFor()
    await expectAccessible(page)
    await shoot(page, 'knowledge-uk-phone')
    const isWide = await page.evaluate('document.documentElement.scrollWidth > window.innerWidth')
    expect(isWide).toBe(false)
    await hit.click()
    await page.getByRole('table').getByText('Вода').waitFor()
    await passageMarked(page)
    await expectAccessible(page)

    await page.goto('/knowledge')
    const buffer = Buffer.from(await printContract(scene.browser))
    await page
      .getByLabel(knowledge.addFiles)
      .setInputFiles([{ name: 'договір.pdf', mimeType: 'application/pdf', buffer }])
    await page.getByLabel(knowledge.query).fill('коли повертають половину вартості місця?')
    const printed = page.getByRole('region', { name: knowledge.search }).locator('a[href*="page=3"]').first()
    await expect
      .poll(
        async () => {
          await page.getByRole('button', { name: knowledge.find }).click()
          return await printed.isVisible()
        },
        { timeout: 120_000, interval: 1_000 },
      )
      .toBe(true)
    await printed.click()
    await page.getByRole('button', { name: knowledge.asPrinted }).click()
    await page.locator('.pdf canvas').waitFor()
    await passageMarked(page)
    await shoot(page, 'knowledge-printed-uk-phone')
    await expectAccessible(page)
  })

  test('its keeper renames it, sees and removes what newer versions replaced, and removes it whole', async () => {
    const { page, words } = visitor
    const { knowledge } = words
    await page.goto('/knowledge')
    const list = page.getByRole('region', { name: knowledge.documents })
    const buffer = Buffer.from('# Тарифи\n\nВода тепер 12.')
    await page
      .getByLabel(knowledge.addFiles)
      .setInputFiles([{ name: 'тарифи.md', mimeType: 'text/markdown', buffer }])
    await list.getByText(knowledge.version.replace('{{version}}', '2')).first().waitFor()
    await page.getByRole('button', { name: knowledge.older }).click()
    const old = list.getByRole('listitem').filter({ hasText: knowledge.replaced })
    await expectAccessible(page)
    await shoot(page, 'knowledge-older-uk-phone')
    await old.getByRole('button', { name: knowledge.remove }).click()
    await old.waitFor({ state: 'detached' })

    await page.getByRole('button', { name: knowledge.rename }).click()
    await page.getByLabel(knowledge.newName, { exact: true }).fill('Тарифи двору')
    await expectAccessible(page)
    await page.getByRole('button', { name: words.common.save }).click()
    await page
      .getByRole('option', { name: /Тарифи двору/ })
      .first()
      .waitFor({ state: 'attached' })
    await page.getByRole('button', { name: knowledge.removeCollection }).click()
    const dialog = page.getByRole('dialog')
    await expectAccessible(page)
    await shoot(page, 'knowledge-remove-uk-phone')
    await dialog.getByRole('button', { name: knowledge.removeCollection }).click()
    await page.getByRole('option', { name: /Тарифи двору/ }).waitFor({ state: 'detached' })
    expect(visitor.complaints).toEqual([])
  })
})
