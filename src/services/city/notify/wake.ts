import { createHash } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { Clock } from '../../../kernel/clock.ts'
import type { Client } from '../../../kernel/contract.ts'
import { AppError } from '../../../kernel/errors.ts'
import type { EventOf } from '../../../kernel/event.ts'
import type { Events, Job } from '../../../platform/events/events.ts'
import type { SafeFetch } from '../../../platform/fetch/fetch.ts'
import type { authContract } from '../../auth/auth.contract.ts'
import { may } from '../../auth/auth.rights.ts'
import { cityError } from '../city.errors.ts'
import { asResource, type CityDb, findRoom } from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'
import { pushDue } from './notify.events.ts'
import type { PushKeys } from './push-keys.ts'
import { freeAt } from './quiet.ts'
import { settingsOf } from './settings.ts'
import { firstWords, isOvertaken, oneOf, type ShownRow } from './shown.ts'
import { wakeWords } from './wake.words.ts'

export interface WakeNeeds {
  readonly db: CityDb
  readonly events: Events
  readonly clock: Clock
  readonly auth: Pick<Client<typeof authContract>, 'principals' | 'standing'>
  /** Who has a room before their eyes. */
  readonly looking: (room: string) => readonly string[]
  readonly keys: () => Promise<PushKeys>
  /** Carries it to an address that a browser named. */
  readonly send: SafeFetch
  /** Whom a push service may turn to: an https or mailto address. */
  readonly contact: string
}

type Subscription = Selectable<CityTables['city.push_subscription']>

/** What is older than this when it could be told is no news any more. */
const NEWS_MS = 24 * 3_600_000
/** How long a push service may keep it for a browser that sleeps. */
const TTL_S = 12 * 3600
const TIMEOUT_MS = 15_000
const MAX_ANSWER = 20_000
const GONE: readonly number[] = [404, 410]

/** Wakes a browser for a notification. All that speaks against it is looked at when it is sent: read meanwhile, before their eyes, no right to read it any more, not to be disturbed (then it waits until they may be, and only the newest of a room is told). */
export function wakeBrowsers(needs: WakeNeeds): void {
  const { db, events, clock, auth, looking } = needs
  events.consume<CityTables, typeof pushDue>({
    name: 'city.push',
    db,
    types: [pushDue],
    concurrency: 4,
    async handle({ data }: EventOf<typeof pushDue>, job: Job<CityTables>) {
      const row = await oneOf(db, data.notification)
      const subscription = await db
        .selectFrom('city.push_subscription')
        .selectAll()
        .where('id', '=', data.subscription)
        .executeTakeFirst()
      if (!row || row.read || subscription?.principal !== row.principal) return
      if (clock.now() - new Date(row.at).getTime() > NEWS_MS || looking(row.room).includes(row.principal))
        return
      const settings = await settingsOf(db, row.principal)
      if (!settings.push || settings.level === 'none') return
      const until = settings.doNotDisturbUntil
      const peace = { quiet: settings.quiet, doNotDisturbUntil: until === null ? null : Date.parse(until) }
      const availableAt = freeAt(peace, clock.now())
      if (availableAt > clock.now())
        return await job.commit((tx) =>
          events.append(tx, { type: pushDue, principal: null, data: { ...data, waited: true }, availableAt }),
        )
      if (data.waited && (await isOvertaken(db, row))) return
      if (await isOver(needs, subscription, job.signal)) return
      const { items } = await auth.principals({ ids: [row.principal] }, { signal: job.signal })
      const principal = items.find(({ id }) => id === row.principal)
      const room = principal && (await findRoom(db, row.room, principal.id))
      if (!principal || !room || !may(principal, 'room.read', asResource(room)).permit) return
      await push(
        needs,
        subscription,
        payloadOf(row, subscription.locale, settings.words),
        row.room,
        job.signal,
      )
    },
  })
}

/** Whether the session or key the browser was subscribed by has ended; then it is forgotten. */
async function isOver(
  { db, auth }: Pick<WakeNeeds, 'db' | 'auth'>,
  { id, credential }: Subscription,
  signal: AbortSignal,
): Promise<boolean> {
  if (credential === null) return false
  const { ids } = await auth.standing({ ids: [credential] }, { signal })
  if (ids.length > 0) return false
  await db.deleteFrom('city.push_subscription').where('id', '=', id).execute()
  return true
}

/** What the page's worker shows, in one shape for every browser. Without `words` it tells nothing of who spoke or what was said. */
function payloadOf(row: ShownRow, locale: 'uk' | 'en', words: boolean): string {
  const happened = wakeWords(locale, row.kind, row.name)
  const said = words
    ? { title: `${row.author_name} · ${row.name}`, body: firstWords(row.text) || happened }
    : {}
  const url = `/rooms/${encodeURIComponent(row.slug)}?message=${encodeURIComponent(row.message)}`
  return JSON.stringify({ title: happened, body: '', ...said, url, tag: row.room, lang: locale })
}

async function push(
  { db, keys, send, contact }: WakeNeeds,
  { id, endpoint, p256dh, auth }: Subscription,
  payload: string,
  room: string,
  signal: AbortSignal,
): Promise<void> {
  const { publicKey, privateKey } = await keys()
  const { default: webPush } = await import('web-push')
  const { headers, body } = webPush.generateRequestDetails({ endpoint, keys: { p256dh, auth } }, payload, {
    vapidDetails: { subject: contact, publicKey, privateKey },
    TTL: TTL_S,
    urgency: 'high',
    // One room has one place at the push service: a browser that slept is told the newest.
    topic: createHash('sha256').update(room).digest('base64url').slice(0, 32),
  })
  const forget = async () => {
    await db.deleteFrom('city.push_subscription').where('id', '=', id).execute()
  }
  const options = { signal, timeoutMs: TIMEOUT_MS, maxBytes: MAX_ANSWER, method: 'POST' as const }
  const sent = { ...options, headers: asText(headers), ...(body && { body }) }
  const { status } = await send(endpoint, sent).catch(async (failure) => {
    // An address that nobody may send to is no push service.
    if (AppError.from(failure).kind !== 'invalid') throw failure
    await forget()
    return { status: 0 }
  })
  if (GONE.includes(status)) return await forget()
  if (status === 429 || status >= 500) throw cityError('city.push_unreachable', { status })
  if (status >= 300) throw cityError('city.push_refused', { status })
}

const asText = (headers: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
