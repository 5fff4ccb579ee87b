import { type SqlBool, sql } from 'kysely'
import { z } from 'zod'
import type { Media } from '../../../engines/media/media.ts'
import { type Clock, isoTime } from '../../../kernel/clock.ts'
import type { Handlers } from '../../../kernel/contract.ts'
import { kernelError } from '../../../kernel/errors.ts'
import { event } from '../../../kernel/event.ts'
import { storable } from '../../../platform/database/storable.ts'
import type { Events } from '../../../platform/events/events.ts'
import type { SafeFetch } from '../../../platform/fetch/fetch.ts'
import type { CityDb } from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'
import type { LinkPreview, previewOperations } from '../previews.contract.ts'
import { readable } from '../search/find.ts'
import { linkPicture, pictureAddress } from './link-picture.ts'
import { linksIn } from './links-in.ts'

export interface PreviewNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly clock: Clock
  /** How addresses that people name are opened; absent where the city opens none. */
  readonly openLink?: SafeFetch
  /** Makes pictures of pages small; without it cards have none. */
  readonly media?: Media | undefined
}

/** An address in a message wants to be looked at. Of previews, to itself. */
const linkSeen = event('city.link_seen', 1, z.object({ url: z.string() }))

const MAX_BYTES = 3_000_000
const TIMEOUT_MS = 8_000
const FRESH_MS = 7 * 24 * 3_600_000
const HTML = ['text/html', 'application/xhtml+xml']

/** Shows what addresses in messages are. An address is fetched once for the whole city, by a job, when somebody who may read a message first asks; it is told to nobody who does not read a message that holds it. */
export function createPreviews({
  db,
  events,
  clock,
  openLink,
  media,
}: PreviewNeeds): Pick<Handlers<typeof previewOperations>, 'previews'> {
  events.consume<CityTables, typeof linkSeen>({
    name: 'city.link_preview',
    db,
    types: [linkSeen],
    concurrency: 3,
    attempts: 3,
    async handle({ data: { url } }, job) {
      if (!openLink) return await job.commit((tx) => settle(tx, url, null))
      const page = await openLink(url, {
        types: HTML,
        maxBytes: MAX_BYTES,
        timeoutMs: TIMEOUT_MS,
        signal: job.signal,
        headers: { accept: 'text/html', 'accept-language': 'uk, en;q=0.8' },
      })
      const { pageAbout } = await import('./page-about.ts')
      const about = page.status === 200 ? pageAbout(page.bytes, page.headers['content-type'] ?? '') : null
      if (!about?.title) return await job.commit((tx) => settle(tx, url, null))
      const needs = media && { openLink, media, signal: job.signal }
      const picture = needs ? await linkPicture(about.image, page.url, needs) : null
      const site = about.site || new URL(page.url).host
      await job.commit((tx) => settle(tx, url, { ...about, site, picture }))
    },
    failed: async ({ data: { url } }, _failure, tx) => await settle(tx, url, null),
  })

  return {
    async previews({ messages }, { principal }) {
      if (!principal) throw kernelError('auth.required')
      if (!openLink) return { on: false, items: [] }
      const asked = messages.filter((id) => !id.includes('\0'))
      if (asked.length === 0) return { on: true, items: [] }
      const scope = { asker: principal, filters: { has: [] } }
      const { rows } = await sql<{ id: string; text: string }>`
        select m.id, m.text from city.message m
        where m.id in (${sql.join(asked)}) and m.deleted_at is null and ${readable(sql`m.room`, scope)}`.execute(
        db,
      )
      const named = rows.flatMap(({ id, text }) => linksIn(text).map((url) => ({ message: id, url })))
      if (named.length === 0) return { on: true, items: [] }
      const known = await keep(db, events, clock.now(), named)
      const items = named.flatMap(({ message, url }) => {
        const row = known.get(url)
        if (!row || row.state === 'failed') return []
        const { state, title, description, site, pictured } = row
        const item = { message, url, state, title: title ?? '', description: description ?? '' }
        return [{ ...item, site: site ?? '', ...(pictured && { picture: pictureAddress(message, url) }) }]
      })
      return { on: true, items }
    },
  }
}

interface Row {
  readonly url: string
  readonly state: LinkPreview['state'] | 'failed'
  readonly title: string | null
  readonly description: string | null
  readonly site: string | null
  readonly pictured: boolean
}

/** What is known of these addresses; those that nobody asked for, or not for long, are asked for now. */
async function keep(
  db: CityDb,
  events: Events,
  now: number,
  named: readonly { message: string; url: string }[],
): Promise<Map<string, Row>> {
  const urls = [...new Set(named.map(({ url }) => url))].sort()
  const rows = await db
    .selectFrom('city.link_preview')
    .select(['url', 'state', 'title', 'description', 'site', 'asked_at'])
    .select(sql<boolean>`picture is not null`.as('pictured'))
    .where('url', 'in', urls)
    .execute()
  const fresh = rows.filter((row) => now - new Date(row.asked_at).getTime() < FRESH_MS)
  const stale = urls.filter((url) => !fresh.some((row) => row.url === url))
  await db.transaction().execute(async (tx) => {
    for (const url of stale) {
      const asked = await tx
        .insertInto('city.link_preview')
        .values({ url, state: 'pending', asked_at: isoTime(now) })
        .onConflict((conflict) =>
          conflict
            .column('url')
            .doUpdateSet({ asked_at: isoTime(now) })
            .where(sql<SqlBool>`link_preview.asked_at < ${isoTime(now - FRESH_MS)}`),
        )
        .returning('url')
        .executeTakeFirst()
      if (asked) await events.append(tx, { type: linkSeen, principal: null, data: { url } })
    }
    await tx
      .insertInto('city.message_link')
      .values(named.map(({ message, url }) => ({ message, url })))
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  })
  const pending = stale.map(
    (url): Row => ({
      url,
      state: 'pending',
      title: null,
      description: null,
      site: null,
      pictured: false,
    }),
  )
  return new Map([...pending, ...rows].map((row) => [row.url, row]))
}

async function settle(
  tx: CityDb,
  url: string,
  about: { title: string; description: string; site: string; picture: Uint8Array | null } | null,
): Promise<void> {
  const change = about
    ? {
        state: 'done' as const,
        title: storable(about.title),
        description: storable(about.description),
        site: storable(about.site),
        picture: about.picture,
      }
    : { state: 'failed' as const, title: null, description: null, site: null, picture: null }
  await tx.updateTable('city.link_preview').set(change).where('url', '=', url).execute()
}

/** Forgets what the addresses of these messages showed, where no other message names them. */
export async function forgetLinks(tx: CityDb, messages: readonly string[]): Promise<void> {
  if (messages.length === 0) return
  const gone = await tx
    .deleteFrom('city.message_link')
    .where('message', 'in', messages)
    .returning('url')
    .execute()
  if (gone.length === 0) return
  await tx
    .deleteFrom('city.link_preview as p')
    .where('p.url', 'in', [...new Set(gone.map(({ url }) => url))])
    .where((where) =>
      where.not(
        where.exists(
          where.selectFrom('city.message_link as l').select('l.url').whereRef('l.url', '=', 'p.url'),
        ),
      ),
    )
    .execute()
}
