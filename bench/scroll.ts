import { sql } from 'kysely'
import type { CDPSession, Page } from 'playwright-core'
import { openPostgres } from '../src/platform/database/postgres.ts'
import { openBrowser, visit } from '../test/e2e/browser.ts'
import { OWNER, startCity, temporaryFolder } from '../test/kit/city.ts'
import { scratchPostgres } from '../test/kit/postgres.ts'
import { firstOwner } from '../test/kit/resident.ts'
import { median, type Row } from './measure.ts'

const MESSAGES = 100_000
/** Of them so many are scrolled past, by this way (px) a frame: about 250 messages a second. */
const SCROLLED = 20_000
const STEP = 240
const LATE_MS = 50
const GOAL_LATE = 0.01
const MOST_ROWS = 80
const GOAL_HEAP = 1.5
const GOAL_LEAP_MS = 1_000

/** One walk through a room of 100,000 messages in Chromium: leaps to messages and a day far away, and a fast scroll past 20,000. Frames that came late are counted beside those of a bare page that scrolls alike in the same browser. Needs `TEST_DATABASE_URL` and `CHROMIUM`; `SCROLL` asks for fewer. */
export async function scroll(): Promise<readonly Row[]> {
  const { TEST_DATABASE_URL: admin, CHROMIUM: chromium, SCROLL = String(SCROLLED) } = process.env
  if (!admin || !chromium) {
    console.log('left out: scroll, because TEST_DATABASE_URL or CHROMIUM is not set')
    return []
  }
  await using database = await scratchPostgres(admin)
  using folder = temporaryFolder()
  await using city = await startCity({ DATA_DIR: folder.path, DATABASE_URL: database.url.reveal() })
  await firstOwner(city)
  await fill(database.url)
  const browser = await openBrowser()
  try {
    const { context, page } = await visit(browser, { url: city.url, size: 'phone', language: 'uk' })
    const { email, password } = OWNER
    await context.request.post('/api/auth/sign-in/email', { data: { email, password } })
    const metrics = await context.newCDPSession(page)
    await metrics.send('Performance.enable')
    await page.goto('/rooms/square')
    await page.getByRole('article').first().waitFor()

    const leaps: number[] = []
    for (const n of [50_000, 3, 99_000, 25_000, 75_000]) leaps.push(await leap(page, n))
    const from = await shown(page)
    const heapBefore = await heap(metrics)
    const ours = await scrolled(page, '.log-wrap .scroll', Number(SCROLL))
    const heapAfter = await heap(metrics)
    const to = await shown(page)
    if (from - to < Number(SCROLL) / 2) throw new Error(`scrolled from ${from} to ${to} only`)
    await page.goto('about:blank')
    await page.setContent(
      `<div class=bare style="height:600px;overflow:auto">${'<p style="height:60px">x</p>'.repeat(500)}</div>`,
    )
    const bare = await scrolled(page, '.bare', 0)
    const share = (frames: Frames) => frames.late / frames.count
    const told = (frames: Frames) =>
      `${(share(frames) * 100).toFixed(2)} % of ${frames.count} frames over ${LATE_MS} ms, longest ${frames.longest.toFixed(0)} ms`
    return [
      {
        what: `${from - to} of ${MESSAGES} messages scrolled at a phone's width`,
        ours: `${told(ours)}; ${ours.waits} frames at an edge that had not come yet`,
        peer: `bare page ${told(bare)}`,
        ratio: share(ours) / Math.max(share(bare), 1 / bare.count),
        goal: `≤ ${GOAL_LATE * 100} % beyond the bare page`,
        met: share(ours) <= share(bare) + GOAL_LATE,
      },
      {
        what: 'rows in the page, at most',
        ours: String(ours.rows),
        peer: `${from - to} messages`,
        ratio: ours.rows / (from - to),
        goal: `≤ ${MOST_ROWS}`,
        met: ours.rows <= MOST_ROWS,
      },
      {
        what: 'heap of the page after the scroll',
        ours: `${mb(heapAfter)} MB`,
        peer: `${mb(heapBefore)} MB before`,
        ratio: heapAfter / heapBefore,
        goal: `≤ ${GOAL_HEAP} ×`,
        met: heapAfter <= GOAL_HEAP * heapBefore,
      },
      {
        what: `a leap to a message anywhere in ${MESSAGES}, median`,
        ours: `${median(leaps).toFixed(0)} ms until it is in view`,
        peer: `slowest ${Math.max(...leaps).toFixed(0)} ms`,
        ratio: median(leaps) / GOAL_LEAP_MS,
        goal: `≤ ${GOAL_LEAP_MS} ms`,
        met: median(leaps) <= GOAL_LEAP_MS,
      },
    ]
  } finally {
    await browser.close()
  }
}

async function fill(url: Parameters<typeof openPostgres>[0]['url']): Promise<void> {
  await using database = await openPostgres({ url })
  const db = database.kysely
  await sql`
    insert into city.message (id, room, seq, author, author_kind, author_name, client_id, body_hash, text, created_at)
    select 'msg_bench' || n, room.id, room.seq + n, 'prn_bench' || n % 7, 'person', 'Мешканець ' || n % 7, 'bench' || n, '',
      'Повідомлення ' || n || '. ' || repeat('Щитову дивимося в четвер о шостій, ключі у Марти. ', (n * 7919 % 5)::int)
      || case when n % 11 = 0 then E'\n\n**Список**\n\n- кабель\n- автомат 16 А\n- \`клеми\`' else '' end,
      now() - (${MESSAGES}::int - n) * interval '3 minutes'
    from city.room, generate_series(1, ${MESSAGES}::int) n where slug = 'square'`.execute(db)
  await sql`update city.room set seq = seq + ${MESSAGES}::int where slug = 'square'`.execute(db)
  await sql`
    insert into city.read_mark (room, principal, seq)
    select room.id, member.principal, room.seq from city.room join city.member on member.room = room.id
    on conflict (room, principal) do update set seq = excluded.seq`.execute(db)
  await sql`analyze`.execute(db)
}

/** How long (ms) it takes from asking for a message to seeing it, in the page that is open. */
async function leap(page: Page, n: number): Promise<number> {
  const begun = performance.now()
  await page.evaluate(
    `history.pushState({}, '', '/rooms/square?message=msg_bench${n}'); dispatchEvent(new PopStateEvent('popstate'))`,
  )
  await page.getByText(`Повідомлення ${n}.`).waitFor()
  return performance.now() - begun
}

/** The number of a message that is in view. */
async function shown(page: Page): Promise<number> {
  const text = await page.getByRole('article').filter({ hasText: 'Повідомлення' }).first().innerText()
  return Number(/Повідомлення (\d+)\./.exec(text)?.[1])
}

interface Frames {
  readonly count: number
  readonly late: number
  readonly longest: number
  /** Frames in which nothing could move, because a page of history was still on its way. */
  readonly waits: number
  /** Rows in the page, at most. */
  readonly rows: number
}

/** Scrolls up by a step a frame: past so many messages, or for some seconds in a page without any. */
async function scrolled(page: Page, selector: string, messages: number): Promise<Frames> {
  return await page.evaluate(`new Promise((done) => {
    const scroller = document.querySelector(${JSON.stringify(selector)})
    const first = () => Number(/Повідомлення (\\d+)\\./.exec(scroller.querySelector('[data-index] article')?.textContent ?? '')?.[1] ?? 0)
    const from = first()
    const until = performance.now() + ${messages === 0 ? 10_000 : 300_000}
    let [last, count, late, longest, waits, rows] = [performance.now(), 0, 0, 0, 0, 0]
    const step = (now) => {
      const took = now - last
      last = now
      count++
      if (took > ${LATE_MS}) late++
      longest = Math.max(longest, took)
      if (count % 10 === 0) rows = Math.max(rows, scroller.querySelectorAll('[data-index]').length)
      if (${messages} > 0 && scroller.scrollTop <= 0) waits++
      if (${messages} === 0 && scroller.scrollTop <= 0) scroller.scrollTop = scroller.scrollHeight
      scroller.scrollTop -= ${STEP}
      const over = ${messages} > 0 && count % 60 === 0 && from - first() >= ${messages}
      if (over || now > until) done({ count, late, longest, waits, rows })
      else requestAnimationFrame(step)
    }
    requestAnimationFrame(step)
  })`)
}

/** What lives in the page's heap once what is not needed is gone. */
async function heap(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage')
  const { metrics } = await session.send('Performance.getMetrics')
  return metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? 0
}

const mb = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1)
