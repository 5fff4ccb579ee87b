import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openAiServer } from '../kit/openai-server.ts'
import { expectAccessible } from './accessible.ts'
import { browserThere, said, shoot } from './browser.ts'
import { messages, say } from './room.ts'
import { createScene } from './scene.ts'

const CLI = pathToFileURL(join(import.meta.dirname, '../../dist/cli/cli.js'))
const RUN = `process.exitCode = await (await import('${CLI}')).runCli`

describe.skipIf(!browserThere)('agents', { timeout: 240_000 }, () => {
  const scene = createScene()
  let llm: Awaited<ReturnType<typeof openAiServer>>

  beforeAll(async () => {
    llm = await openAiServer()
    await scene.open({ LLM_URL: llm.url, LLM_KEY: 'k', LLM_MODEL: 'scripted' })
  }, 240_000)
  afterAll(() => llm?.[Symbol.asyncDispose]())

  test('an agent is made from a template, told something new, tried out, and given a mandate', async () => {
    const { page, words } = await scene.enter({ size: 'desktop', language: 'en', as: 'owner' })
    const { agents } = words
    await page.goto('/agents')
    await page.getByLabel(agents.template).selectOption({ label: 'Secretary' })
    await page.getByLabel(agents.name, { exact: true }).fill('Minutes')
    await page.getByLabel(agents.slug).fill('minutes')
    await expectAccessible(page)
    await shoot(page, 'agents-en-desktop')
    await page.getByRole('button', { name: agents.making }).click()
    await page.getByRole('heading', { name: 'Minutes', level: 1 }).waitFor()
    await expectAccessible(page)

    await page.getByText(agents.views.prompts, { exact: true }).click()
    const text = page.getByLabel(said(agents.promptText, { kind: agents.kind.core }))
    await text.fill('Keep minutes in verse.')
    llm.next({ tokens: ['A line that rhymes.'] })
    await page.getByLabel(agents.tryAsk).fill('What was said?')
    await page.getByRole('button', { name: agents.tryDo, exact: true }).click()
    await page.getByText('A line that rhymes.').waitFor()
    expect(JSON.stringify(llm.requests.at(-1)?.body)).toContain('Keep minutes in verse.')
    await page.getByRole('button', { name: agents.saveVersion }).click()
    await page.getByText(agents.version.replace('{{version}}', '2')).first().waitFor()
    await page.getByRole('button', { name: agents.diff, exact: true }).click()
    await page.locator('ins', { hasText: 'Keep minutes in verse.' }).waitFor()
    await expectAccessible(page)
    await shoot(page, 'agent-prompts-en-desktop')

    await page.getByText(agents.views.mandate, { exact: true }).click()
    await page.getByLabel('Writes a message').check()
    await page.getByRole('button', { name: agents.save, exact: true }).click()
    await page.getByText(agents.saved).first().waitFor()
    expect((await scene.owner.agents.mandate({ agent: 'minutes' })).mandate.effects).toEqual(['post_message'])
  })

  test('what an agent wants to do stands in the room until the asker says so; its trace tells all', async () => {
    const mandate = { effects: ['post_message'] }
    await scene.owner.agents.setMandate({ agent: 'daarwizz', mandate })
    const visitor = await scene.enter({ size: 'phone', language: 'uk', as: 'owner' })
    const { page, words } = visitor
    const { agents } = words
    await page.goto(`/rooms/${await scene.owner.ownRoom()}`)
    llm.next(
      { calls: [{ name: 'post_message', input: { text: 'Толока в суботу о десятій.' } }] },
      { tokens: ['Написав.'] },
    )
    await say(visitor, 'Оголоси толоку')
    const card = page.getByRole('region', { name: said(agents.wants, { name: 'DAARWIZZ' }) })
    await card.getByText('Толока в суботу о десятій.').waitFor()
    await expectAccessible(page)
    await shoot(page, 'approval-uk-phone')
    const room = await scene.owner.ownRoom()
    const posted = async () =>
      (await scene.owner.city.messages({ room })).items.filter(({ text }) => text.startsWith('Толока')).length
    expect(await posted()).toBe(0)
    await card.getByRole('button', { name: agents.approve }).click()
    await expect.poll(posted, { timeout: 60_000 }).toBe(1)
    const answer = messages(visitor).filter({ hasText: 'Написав.' })
    await answer.waitFor()

    // Asked otherwise: another answer, and the earlier one stays with the question it answers.
    llm.next({ tokens: ['О десятій.'] })
    await answer.getByRole('button', { name: agents.branch }).click()
    await page.getByLabel(agents.branchText).fill('О котрій толока?')
    await expectAccessible(page)
    await shoot(page, 'branch-uk-phone')
    await page.getByRole('button', { name: agents.branchDo, exact: true }).click()
    const other = messages(visitor).filter({ hasText: 'О десятій.' })
    await other.waitFor()
    await messages(visitor).filter({ hasText: 'О котрій толока?' }).first().waitFor()
    await other.getByRole('button', { name: agents.earlier }).click()
    await page.getByText(said(agents.asked, { question: 'Оголоси толоку' })).waitFor()
    await answer.locator('summary').click()
    await answer.getByRole('link', { name: words.city.traceWhole }).click()
    await page.getByRole('heading', { name: agents.run }).waitFor()
    await page.getByText(agents.step.approval).first().waitFor()
    await expectAccessible(page)
    await shoot(page, 'run-uk-phone')
  })

  test('a desktop client reaches the city by `daarion mcp`', async () => {
    const { city, owner } = scene
    const transport = new StdioClientTransport({
      command: process.execPath,
      // Not by bin/daarion.js, which first builds what is stale.
      args: ['--input-type=module', '-e', `${RUN}(['node', 'daarion', 'mcp', '--url', '${city.url}'])`],
      env: { DAARION_KEY: owner.key, PATH: process.env.PATH ?? '' },
    })
    const client = new Client({ name: 'desk', version: '1' })
    await client.connect(transport)
    try {
      const rooms = await client.callTool({ name: 'list_rooms', arguments: {} })
      expect(JSON.stringify(rooms.content)).toContain('square')
    } finally {
      await client.close()
    }
  })
})
