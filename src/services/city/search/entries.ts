import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { CityDb } from '../city.store.ts'
import type { PartOutcome, PartType, Transcript } from '../messages.contract.ts'
import type { SearchTables } from './search.tables.ts'

/** A text that can be found: a message's own words (part -1), or what was heard or read in a part, or a file's name. */
export interface Entry {
  readonly message: string
  readonly part: number
  readonly room: string
  readonly kind: SearchTables['city.search_entry']['kind']
  readonly at: Date | string
  readonly text: string
  readonly transcript?: Transcript
}

export const OWN_WORDS = -1

/** What of these messages can be found, as they stand now; nothing of those that were deleted. */
export async function entriesOf(db: CityDb, messages: readonly string[]): Promise<Entry[]> {
  if (messages.length === 0) return []
  const { rows } = await sql<Row>`
    select m.id as message, m.room, m.text, m.created_at as at, poll.question, poll.options,
      p.index, p.type, p.outcome, f.name
    from city.message m
    left join city.poll poll on poll.message = m.id
    left join city.part p on p.message = m.id
    left join city.file f on f.id = p.file
    where m.id in (${sql.join(messages)}) and m.deleted_at is null
    order by m.id, p.index`.execute(db)
  const found = new Map<string, Entry>()
  for (const row of rows) {
    const { message, room, at } = row
    const poll = row.question === null ? [] : [row.question, ...(row.options ?? []).map(wordsOf)]
    const own = [withoutLinks(row.text), ...poll].join('\n').trim()
    if (own !== '')
      found.set(keyOf({ message, part: OWN_WORDS }), {
        message,
        part: OWN_WORDS,
        room,
        at,
        kind: 'message',
        text: own,
      })
    if (row.index === null || row.type === null) continue
    const part = {
      message,
      part: row.index,
      room,
      at,
      ...partText(row.type, row.outcome ?? {}, row.name ?? ''),
    }
    if (part.text.trim() !== '') found.set(keyOf(part), part)
  }
  return [...found.values()]
}

export const keyOf = ({ message, part }: { message: string; part: number }): string => `${message}:${part}`

/** By which a vector or a word is known to be of the text as it stands. */
export const digestOf = (text: string): string =>
  createHash('sha256').update(text).digest('base64url').slice(0, 22)

/** Links of markdown by their words; where one leads to says nothing to a reader of hits. */
const withoutLinks = (text: string): string =>
  text
    .replace(/!?\[([^\]\n]{0,300})\]\(https?:[^)\s]{0,2000}\)/g, '$1')
    .replace(/\\([\\`*_{}[\]<>()#+!|~@&-])/g, '$1')

interface Row {
  message: string
  room: string
  text: string
  at: Date | string
  question: string | null
  options: readonly unknown[] | null
  index: number | null
  type: PartType | null
  outcome: PartOutcome | null
  name: string | null
}

function partText(
  type: PartType,
  { transcript, ocr }: PartOutcome,
  name: string,
): Pick<Entry, 'kind' | 'text' | 'transcript'> {
  if (type === 'audio')
    return { kind: 'transcript', text: transcript?.text ?? '', ...(transcript && { transcript }) }
  if (type === 'image') return { kind: 'image', text: ocr?.text ?? '' }
  return { kind: 'file', text: name.replace(/[_.]+/g, ' ') }
}

/** An option of a poll is its words, alone or under a name. */
function wordsOf(option: unknown): string {
  if (typeof option === 'string') return option
  const text = typeof option === 'object' && option !== null && 'text' in option ? option.text : ''
  return typeof text === 'string' ? text : ''
}
