import { AppError } from '../../../kernel/errors.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { Events } from '../../../platform/events/events.ts'
import type { HistoryItem } from '../../city/city.events.ts'
import { automationsChanged } from '../agents.events.ts'
import type { AgentsDb } from '../agents.store.ts'
import { holdAutomation, type StoredAutomation } from '../schedules/automations.store.ts'
import { type FiringNeeds, fire, ready } from '../schedules/fire.ts'

export interface KeywordNeeds extends FiringNeeds {
  readonly db: AgentsDb
  readonly events: Events
  failed(cause: unknown): void
}

const LOOK_MS = 3_000
/** Where nobody waits for a word, it is seldom looked whether somebody does. */
const IDLE_MS = 30_000
const AT_ONCE = 200
const MAX_TEXT = 8_000

/** Looks for words in what people say in rooms, with the eyes of whoever wants to know. What agents say is not looked at, so that none ever answers another, or itself. Runs until it is aborted. */
export async function watchKeywords(needs: KeywordNeeds, signal: AbortSignal): Promise<void> {
  const { automations, events, clock, people, failed } = needs
  let wake: () => void = () => undefined
  const unlisten = events.listen(automationsChanged, () => wake())
  try {
    while (!signal.aborted) {
      let waiting = 0
      try {
        const rows = await automations.active('keyword')
        waiting = rows.length
        const owners = [...new Set(rows.map(({ owner }) => owner))]
        const { items } =
          owners.length === 0 ? { items: [] } : await people.principals({ ids: owners }, { signal })
        for (const row of rows) {
          const owner = items.find(({ id }) => id === row.owner)
          await look(needs, row, owner, signal)
        }
      } catch (cause) {
        if (!signal.aborted) failed(cause)
      }
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      const pause = new AbortController()
      const sleep = clock.sleep(waiting > 0 ? LOOK_MS : IDLE_MS, AbortSignal.any([signal, pause.signal]))
      await Promise.race([sleep.catch(() => undefined), woken])
      pause.abort()
    }
  } finally {
    unlisten()
  }
}

/** Takes in the next words of one room for one automation; the place and what it made run are stored together. */
async function look(
  needs: KeywordNeeds,
  row: StoredAutomation,
  owner: Principal | undefined,
  signal: AbortSignal,
) {
  const { db, automations, city } = needs
  const from = Number(row.place)
  const { items, seq } = await read(city, row, owner, from, signal)
  if (seq === from) return
  const words = row.trigger.kind === 'keyword' ? row.trigger.words : []
  const found = items.find(({ text }) => holds(text, words))
  const made = found && (await ready(needs, row, [found], signal))
  await db.transaction().execute(async (tx) => {
    const held = await holdAutomation(tx, row.id)
    // Another process was quicker.
    if (!held || Number(held.place) !== from || held.revision !== row.revision) return
    await automations.change(tx, row.id, { place: seq })
    if (found && made) await fire(tx, needs, row, { key: `message:${found.message}`, said: [found] }, made)
  })
}

/** What people said after a number. Who may not read the room any more hears nothing; whether that pauses it, firing says. */
async function read(
  city: KeywordNeeds['city'],
  row: StoredAutomation,
  principal: Principal | undefined,
  after: number,
  signal: AbortSignal,
): Promise<{ items: HistoryItem[]; seq: number }> {
  const nothing = { items: [], seq: after }
  if (!principal) return nothing
  const log = await city
    .events({ room: row.room, after, limit: AT_ONCE }, { principal, signal })
    .catch((cause: unknown) => {
      if (AppError.from(cause).kind === 'not_found') return undefined
      throw cause
    })
  if (!log) return nothing
  const items = log.items.flatMap((frame): HistoryItem[] => {
    if (frame.type !== 'message' || frame.message.deleted || frame.message.author.kind !== 'person') return []
    const { id: message, author, createdAt: at, text } = frame.message
    return [{ message, author, at, text: text.slice(0, MAX_TEXT) }]
  })
  return { items, seq: log.seq }
}

/** Whether any of the words stands in a text as a word or phrase of its own. */
export function holds(text: string, words: readonly string[]): boolean {
  const plain = (of: string) => ` ${(of.toLowerCase().match(/[\p{L}\p{N}\p{M}'’]+/gu) ?? []).join(' ')} `
  const said = plain(text)
  return words.some((word) => plain(word).trim() !== '' && said.includes(plain(word)))
}
