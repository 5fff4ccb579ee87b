import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readArchive } from '../../src/services/city/transfers/read-archive.ts'
import { OWNER, type RunningCity, startCity, temporaryFolder } from '../kit/city.ts'
import { firstOwner, newcomer, type Resident, until } from '../kit/resident.ts'
import { browserThere, openBrowser, type Visitor, visit } from './browser.ts'
import { messages } from './room.ts'
import { CANARY, NAME, PAYLOADS } from './xss.payloads.ts'

/** Everything that people name or write, as an attacker would: shown on every page that shows it, and nothing runs. */
describe.skipIf(!browserThere)('words that would run', { timeout: 240_000 }, () => {
  const folder = temporaryFolder()
  const faults: string[] = []
  let city: RunningCity
  let browser: Browser
  let owner: Resident
  let olena: Visitor
  let room: { id: string; slug: string }
  let document = ''

  beforeAll(async () => {
    ;[city, browser] = await Promise.all([startCity({ DATA_DIR: join(folder.path, 'data') }), openBrowser()])
    owner = await firstOwner(city)
    const mallory = await newcomer(owner, NAME)
    await owner.auth.changeMe({ name: NAME })
    room = await owner.city.openRoom({
      name: NAME,
      visibility: 'public',
      topic: PAYLOADS.slice(0, 3).join(' '),
    })
    const { body } = await owner.uploadBytes(
      new TextEncoder().encode(`# ${NAME}\n\n${PAYLOADS.join('\n\n').replaceAll('\x01', '')}\n`),
      `${NAME}.md`,
      'text/markdown',
    )
    const { id: file } = body as { id: string }
    const paper = await owner.say(room.id, '', [{ type: 'file', file }])
    const settled = await owner.settled(room.id, paper.id)
    document = settled.parts[0]?.document?.id ?? ''
    expect(PAYLOADS.length).toBeGreaterThanOrEqual(60)
    for (const [n, text] of PAYLOADS.entries()) await owner.say(room.id, `${n} ${text}`)
    const said = await mallory.city.post({ room: room.id, clientId: 'm', text: `@${NAME} ${PAYLOADS[0]}` })
    await mallory.city.post({ room: room.id, clientId: 'r', text: PAYLOADS[4] ?? '', replyTo: said.id })
    await mallory.city.post({ room: room.id, clientId: 't', text: PAYLOADS[5] ?? '', thread: said.id })
    const poll = { question: NAME, options: [NAME, PAYLOADS[1] ?? ''] }
    await mallory.city.post({ room: room.id, clientId: 'p', text: '', poll })
    await owner.city.report({ message: said.id, reason: 'other', words: PAYLOADS[0] })
    await owner.city.pin({ message: said.id })
    await owner.city.save({ message: said.id })
    olena = await visit(browser, { url: city.url, size: 'desktop', language: 'uk' })
    const { email, password } = OWNER
    await olena.context.request.post('/api/auth/sign-in/email', { data: { email, password } })
    // Titles of pages elsewhere, and what was heard: said by others, so whoever answers for them is the attacker.
    await olena.page.route('**/api/city/previews**', async (route) => {
      const asked = new URL(route.request().url()).searchParams.getAll('messages')
      const about = { title: NAME, description: PAYLOADS[0], site: NAME, url: 'https://a.example/' }
      await route.fulfill({ json: { items: asked.map((message) => ({ message, previews: [about] })) } })
    })
    await olena.page.route('**/api/city/rooms/*/messages?**', async (route) => {
      const answer = await route.fetch()
      const body = await answer.json()
      const heard = { text: `почуто ${PAYLOADS.join(' ')}`, language: NAME, speech: true, segments: [] }
      const voice = {
        ...{
          type: 'audio',
          file: 'file_0',
          name: `${NAME}.ogg`,
          mime: 'audio/ogg',
          sizeBytes: 1,
          durationMs: 900,
        },
        ...{ state: 'done', transcript: { ...heard, engine: NAME, durationMs: 900 } },
      }
      for (const message of body.items.slice(-1)) message.parts = [voice]
      await route.fulfill({ response: answer, json: body })
    })
    await watch(olena.page)
  }, 240_000)
  afterAll(async () => {
    await browser?.close()
    await city?.stop()
    folder[Symbol.dispose]()
  }, 240_000)

  async function watch(page: Page): Promise<void> {
    page.on('request', (request) => {
      if (request.url().startsWith(CANARY)) faults.push(`asked for ${request.url()}`)
    })
    page.on('dialog', (dialog) => {
      faults.push(`a dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    page.on('console', (message) => {
      // What the page's own rule stopped would run where there is none.
      if (/Content Security Policy/i.test(message.text())) faults.push(message.text())
    })
  }

  /** What stands in the page and could run, and whether something did. */
  const harm = (page: Page): Promise<string[]> =>
    page.evaluate(`(() => {
      const found = window.__xss ? ['it ran'] : []
      for (const element of document.querySelectorAll('*')) {
        for (const { name, value } of element.attributes) {
          if (/^on/.test(name)) found.push(element.tagName + ' ' + name)
          if (/^(href|src|action|formaction|data|srcdoc|xlink:href)$/.test(name) && /^[\\x00-\\x20]*(javascript|vbscript|data:text)/i.test(value))
            found.push(element.tagName + ' ' + name + '=' + value)
          if (name === 'style' && /url\\(\\s*['"]?http/.test(value)) found.push('style ' + value)
        }
        if (/^(IFRAME|OBJECT|EMBED|BASE|MARQUEE)$/.test(element.tagName)) found.push(element.tagName)
        if (element.tagName === 'SCRIPT' && element.textContent.includes('__xss')) found.push('script')
      }
      return [...new Set(found)]
    })()`) as Promise<string[]>
  const clean = async (page: Page, where: string) => {
    await page.waitForTimeout(150)
    expect(await harm(page), where).toEqual([])
    expect(faults, where).toEqual([])
  }

  test('are found by this test where they are not made harmless', async () => {
    const page = await (await browser.newContext()).newPage()
    await page.setContent('<a href="javascript:1">a</a><img alt="" src="x" onerror="window.__xss=1">')
    await page.waitForFunction('window.__xss === 1')
    expect(await harm(page)).toHaveLength(3)
    await page.context().close()
  })

  test('stand in the room as words, and every link leads elsewhere by the web alone', async () => {
    const { page } = olena
    await page.goto(`/rooms/${room.slug}`)
    await messages(olena).filter({ hasText: '__xss' }).first().waitFor()
    const log = page.getByRole('log')
    // Every message is drawn once, from the last to the first.
    for (let screens = 0; screens < 60; screens++) {
      expect(await harm(page)).toEqual([])
      const top = (await log
        .evaluate(
          'element => { let at = element; while (at && at.scrollHeight <= at.clientHeight) at = at.parentElement; if (!at) return true; const before = at.scrollTop; at.scrollTop -= at.clientHeight * 0.8; return at.scrollTop === before }',
        )
        .catch(() => true)) as boolean
      await page.waitForTimeout(60)
      if (top) break
    }
    const links = (await page.evaluate(
      `[...document.querySelectorAll('[role=log] a[href]')].map((a) => a.href)`,
    )) as string[]
    for (const link of links) expect(link).toMatch(/^(https?|mailto):/)
    await clean(page, 'the room')
    expect(await page.content()).toContain('почуто')
  })

  test.each([
    ['the room’s settings', () => `/rooms/${room.slug}/settings`],
    ['the directory', () => '/directory'],
    ['people', () => '/people'],
    ['the feed', () => '/feed'],
    ['the map', () => '/map'],
    ['search', () => `/search?q=${encodeURIComponent('onerror <img src=x onerror=window.__xss=1>')}`],
    ['notifications', () => '/notifications'],
    ['what is saved', () => '/saved'],
    ['mentions', () => '/mentions'],
    ['moderation', () => '/moderation'],
    ['a document', () => `/documents/${document}`],
    ['the account', () => '/account'],
    [
      'a room that is not there',
      () => `/rooms/${encodeURIComponent('"><img src=x onerror=window.__xss=1>')}`,
    ],
  ])('do nothing on the page of %s', async (name, path) => {
    await olena.page.goto(path())
    await olena.page.getByRole('main').first().waitFor()
    await olena.page.waitForLoadState('networkidle').catch(() => undefined)
    await clean(olena.page, name)
  })

  test('do nothing in the pages of an archive either', async () => {
    const { id } = await owner.city.openExport({ what: 'room', room: room.id, format: 'html' })
    const done = await until(
      () => owner.city.export({ export: id }),
      ({ state }) => state === 'done' || state === 'failed',
      'the archive',
      60_000,
    )
    expect(done.state).toBe('done')
    const response = await fetch(`${city.url}/api/city/exports/${id}/archive`, {
      headers: { authorization: owner.authorization },
    })
    const path = join(folder.path, 'archive.zip')
    writeFileSync(path, Buffer.from(await response.arrayBuffer()))
    await using archive = await readArchive(path)
    for (const name of archive.names) {
      const pieces: Buffer[] = []
      for await (const piece of await archive.open(name)) pieces.push(piece as Buffer)
      mkdirSync(dirname(join(folder.path, 'out', name)), { recursive: true })
      writeFileSync(join(folder.path, 'out', name), Buffer.concat(pieces))
    }
    const pages = archive.names.filter((name) => name.endsWith('.html'))
    expect(pages.length).toBeGreaterThan(0)
    const page = await (await browser.newContext()).newPage()
    await watch(page)
    for (const name of pages) {
      await page.goto(pathToFileURL(join(folder.path, 'out', name)).href)
      expect(await page.locator('body').innerText()).toContain('__xss')
      await clean(page, name)
    }
  })
})
