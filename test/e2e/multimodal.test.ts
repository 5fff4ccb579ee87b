import { beforeAll, describe, expect, test } from 'vitest'
import { expectAccessible } from './accessible.ts'
import { browserThere, SIZES, shoot, type Visitor } from './browser.ts'
import { createScene } from './scene.ts'

describe.skipIf(!browserThere)('the page of the multimodal API', { timeout: 240_000 }, () => {
  const scene = createScene()
  let visitor: Visitor

  beforeAll(async () => {
    await scene.open({ WEB_SEARCH: 'off' })
    visitor = await scene.enter({ size: 'desktop', language: 'uk', as: 'owner' })
  }, 240_000)

  test('an integrator tries an engine with a file, takes the code along, and follows a job', async () => {
    const { page, words } = visitor
    const { multimodal } = words
    await page.goto('/multimodal')
    await page.getByLabel(multimodal.door).selectOption({ label: multimodal.doors.parse })
    const file = (name: string, text: string) =>
      page
        .locator('input[type=file]')
        .setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) })
    const run = page.getByRole('button', { name: multimodal.run })
    await file('оголошення.txt', 'Воду вимкнуть у суботу.')
    await run.click()
    await page.locator('pre.told').getByText('Воду вимкнуть у суботу.').waitFor()
    await page.getByText(multimodal.raw).click()
    await page.getByText(multimodal.code).click()
    await page.locator('code').filter({ hasText: 'curl ' }).getByText('/api/multimodal/parse').waitFor()
    await expectAccessible(page)
    await shoot(page, 'multimodal-uk-desktop')
    await page.getByText(multimodal.asJob).click()
    await file('другий.txt', 'А в неділю ввімкнуть.')
    await run.click()
    await page.getByText(multimodal.accepted).waitFor()
    const job = page.getByRole('listitem').filter({ hasText: 'другий.txt' })
    const [done = ''] = multimodal.state.done.split('{{')
    await job.getByText(done, { exact: false }).waitFor()
    const result = await visitor.context.request.get(
      (await job.getByRole('link', { name: multimodal.open }).getAttribute('href')) ?? '',
    )
    expect(await result.json()).toMatchObject({ pages: [{ state: 'read', text: 'А в неділю ввімкнуть.' }] })
    await job.getByRole('button', { name: multimodal.forget }).click()
    await page.getByText(multimodal.noJobs).waitFor()
    // An engine that is not there says what brings it.
    await page.getByLabel(multimodal.door).selectOption({ label: multimodal.doors.search })
    await page.getByLabel(multimodal.query, { exact: true }).fill('Кам’янець')
    await run.click()
    await page.getByRole('alert').getByText('PEER_SEARCH').waitFor()
    await page.locator('li.mdl').filter({ hasText: words.operator.engine.vision }).first().waitFor()
    expect(visitor.complaints).toEqual([])
  })

  test('who runs the city sets a budget at the width of a phone, sees it, and takes it away', async () => {
    const { page, words } = visitor
    const { budgets, unit } = words.multimodal
    await page.setViewportSize(SIZES.phone)
    await page.goto('/multimodal')
    const section = page.getByRole('region', { name: budgets.title })
    await section.getByText(budgets.none).waitFor()
    const set = section.getByRole('button', { name: budgets.set })
    await set.click()
    await section.getByText(budgets.subjectBad).waitFor()
    await section.getByText(budgets.amountBad).waitFor()
    await section.getByLabel(budgets.kind).selectOption({ label: budgets.kinds.community })
    await section.getByLabel(budgets.subject).fill('садівники')
    await section.getByLabel(budgets.unit).selectOption({ label: unit.tokens })
    await section.getByLabel(budgets.amount).fill('2500,5')
    await set.click()
    const row = section.getByRole('listitem').filter({ hasText: 'садівники' })
    await row.getByText(unit.tokens).waitFor()
    await expectAccessible(page)
    const beyond = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
    expect(await page.evaluate(beyond)).toBe(0)
    await row.getByRole('button').click()
    await section.getByText(budgets.none).waitFor()
    expect(visitor.complaints).toEqual([])
  })
})
