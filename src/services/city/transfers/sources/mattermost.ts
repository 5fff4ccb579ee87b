import { createHash } from 'node:crypto'
import { BARE, type ReadArchive } from '../read-archive.ts'
import {
  emojiOf,
  type Left,
  list,
  type Person,
  type Place,
  type ReadSource,
  record,
  sample,
  type Told,
  text,
} from './source.ts'

type Row = Readonly<Record<string, unknown>>
/** Lines that carry nothing that is said, and are read on their own. */
const QUIET = new Set(['version', 'team', 'channel', 'user', 'post', 'emoji', 'scheme', 'role'])

/** A bulk export of Mattermost: one line of JSON each for a channel, a user, a post with its replies. Format: docs.mattermost.com/onboard/bulk-loading-data.html. */
export const readMattermost: ReadSource = async (archive, left) => {
  const entry = archive.names.find((name) => name === BARE || name.endsWith('.jsonl'))
  if (entry === undefined || !(await begins(archive, entry))) return undefined
  const places = new Map<string, Place>()
  const people = new Map<string, Person>()
  let total = 0
  for await (const { type, row, line } of rowsOf(archive, entry)) {
    if (type === 'channel') {
      const { team, name, display_name, header, purpose } = row
      const id = placeOf(team, name)
      places.set(id, { id, name: text(display_name) || text(name), topic: text(header) || text(purpose) })
    } else if (type === 'user') {
      const id = text(row.username)
      const full = `${text(row.first_name)} ${text(row.last_name)}`.trim()
      people.set(id, { id, name: text(row.nickname) || full || id })
    } else if (type === 'post') total += 1 + list(row.replies).length
    else if (type === 'direct_post' || type === 'direct_channel')
      left('direct_talk', list(row.members).join(', '))
    else if (!QUIET.has(type)) left('line', sample(type || line))
  }
  const folder = entry.slice(0, entry.lastIndexOf('/') + 1)
  const who = (name: unknown): Person => people.get(text(name)) ?? { id: text(name), name: text(name) || '?' }
  const told = (post: Row, place: string, thread?: string): Told => {
    const attached = list(post.attachments).map((value) => text(record(value).path))
    const found = attached.map((path) => ({ path, entry: entryOf(archive, folder, path) }))
    const files = found.flatMap(({ path, entry: there }) =>
      there === undefined ? [] : [{ name: path.split('/').at(-1) ?? path, path: there }],
    )
    const missing = found.filter(({ entry: there }) => there === undefined).map(({ path }) => path)
    for (const path of missing) left('file_missing', path)
    if (post.is_pinned === true) left('pin', sample(post.message))
    return {
      place,
      id: idOf(place, post, thread),
      author: who(post.user),
      at: Number(post.create_at),
      text: [text(post.message), ...missing.map((path) => `📎 ${path.split('/').at(-1)}`)]
        .filter(Boolean)
        .join('\n\n'),
      thread,
      reactions: reactionsOf(list(post.reactions), who, left),
      files,
    }
  }
  return {
    source: 'mattermost',
    places: [...places.values()],
    total,
    async *messages() {
      for await (const { type, row } of rowsOf(archive, entry)) {
        if (type !== 'post') continue
        const place = placeOf(row.team, row.channel)
        if (!places.has(place) || !Number.isFinite(Number(row.create_at))) {
          left('message', sample(row))
          continue
        }
        const root = told(row, place)
        yield root
        for (const reply of list(row.replies)) yield told(record(reply), place, root.id)
      }
    },
  }
}

const placeOf = (team: unknown, channel: unknown): string => `${text(team)}/${text(channel)}`

/** A bulk export names no ids: what a post is makes its id. */
const idOf = (place: string, { user, create_at, message }: Row, thread = ''): string =>
  createHash('sha256')
    .update(JSON.stringify([place, text(user), Number(create_at), text(message), thread]))
    .digest('hex')
    .slice(0, 32)

/** Attachments are named from the export's own `data` folder. */
const entryOf = (archive: ReadArchive, folder: string, path: string): string | undefined =>
  path === '' ? undefined : [`${folder}data/${path}`, `${folder}${path}`].find((name) => archive.has(name))

async function begins(archive: ReadArchive, entry: string): Promise<boolean> {
  for await (const chunk of (await archive.open(entry)) as AsyncIterable<Buffer>)
    return /^\uFEFF?\s*\{\s*"type"\s*:\s*"version"/.test(chunk.toString('utf8', 0, 200))
  return false
}

async function* rowsOf(archive: ReadArchive, entry: string) {
  for await (const line of archive.lines(entry)) {
    if (line.trim() === '') continue
    const value = record(parsed(line))
    const type = text(value.type)
    yield { type, row: record(value[type]), line }
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function reactionsOf(
  values: readonly unknown[],
  who: (name: unknown) => Person,
  left: Left,
): Told['reactions'] {
  const by = new Map<string, Person[]>()
  for (const value of values) {
    const { emoji_name, user } = record(value)
    const emoji = emojiOf(text(emoji_name))
    if (emoji === undefined) left('reaction', text(emoji_name))
    else by.set(emoji, [...(by.get(emoji) ?? []), who(user)])
  }
  return [...by].map(([emoji, people]) => ({ emoji, by: people }))
}
