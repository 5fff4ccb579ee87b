import type { HistoryItem } from '../city.events.ts'
import { type CityDb, iso } from '../city.store.ts'
import type { PartOutcome } from '../messages.contract.ts'

const MAX_MESSAGES = 50
/** UTF-16 code units over all of them. */
const MAX_CHARACTERS = 24_000

/** What was said in a room before a number, or in one of its threads with the thread's root, oldest first: words, and what was heard or read. The newest that fit into the bounds; the oldest of them may be cut short. */
export async function historyBefore(
  db: CityDb,
  room: string,
  seq: number,
  thread: string | null,
): Promise<HistoryItem[]> {
  const rows = await db
    .selectFrom('city.message')
    .select(['id', 'author', 'author_kind', 'author_name', 'text', 'created_at'])
    .where('room', '=', room)
    .where('seq', '<', seq)
    .where((where) =>
      thread === null
        ? where('thread', 'is', null)
        : where.or([where('thread', '=', thread), where('id', '=', thread)]),
    )
    .orderBy('seq', 'desc')
    .limit(MAX_MESSAGES)
    .execute()
  const outcomes = await outcomesOf(
    db,
    rows.map((row) => row.id),
  )
  const items: HistoryItem[] = []
  let left = MAX_CHARACTERS
  for (const row of rows) {
    const text = [row.text, ...(outcomes.get(row.id) ?? []).map(heardAndRead)]
      .filter((words) => words !== '')
      .join('\n')
      .slice(0, left)
    if (left <= 0) break
    left -= text.length
    const author = { id: row.author, kind: row.author_kind, name: row.author_name }
    if (text !== '') items.unshift({ message: row.id, author, at: iso(row.created_at), text })
  }
  return items
}

async function outcomesOf(db: CityDb, messages: readonly string[]) {
  const found = new Map<string, PartOutcome[]>()
  if (messages.length === 0) return found
  const rows = await db
    .selectFrom('city.part')
    .select(['message', 'outcome'])
    .where('message', 'in', messages)
    .orderBy('message')
    .orderBy('index')
    .execute()
  for (const { message, outcome } of rows) found.set(message, [...(found.get(message) ?? []), outcome])
  return found
}

const heardAndRead = ({ transcript, ocr }: PartOutcome): string => transcript?.text ?? ocr?.text ?? ''
