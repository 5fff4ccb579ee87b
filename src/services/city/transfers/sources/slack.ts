import type { JsonPath, Verdict } from '../json-pieces.ts'
import type { ReadArchive } from '../read-archive.ts'
import {
  emojiOf,
  type Left,
  list,
  type Person,
  type Place,
  type ReadSource,
  record,
  sample,
  text,
} from './source.ts'

/** Kinds of message that people say; the others tell what Slack itself did. */
const SAID = new Set(['', 'thread_broadcast', 'me_message', 'bot_message', 'file_share', 'file_comment'])

/** An export of a Slack workspace: `channels.json`, `users.json`, and a folder of days for each channel. Format: slack.com/help/articles/220556107. */
export const readSlack: ReadSource = async (archive, left) => {
  const index = archive.names.find((name) => /(^|\/)channels\.json$/.test(name))
  if (index === undefined) return undefined
  const root = index.slice(0, -'channels.json'.length)
  if (!archive.has(`${root}users.json`)) return undefined
  const people = await peopleOf(archive, root)
  const channels = [
    ...(await read(archive, `${root}channels.json`)),
    ...(await read(archive, `${root}groups.json`)),
  ]
  // What two said to each other is not an operator's to take in.
  for (const file of ['dms.json', 'mpims.json'])
    for (const talk of await read(archive, root + file)) left('direct_talk', text(record(talk).name) || file)
  const places: (Place & { days: readonly string[] })[] = channels.flatMap((value) => {
    const { id, name, topic } = record(value)
    if (!text(id) || !text(name)) {
      left('channel', sample(value))
      return []
    }
    const folder = `${root}${text(name)}/`
    const days = archive.names.filter(
      (entry) => entry.startsWith(folder) && /\/\d{4}-\d\d-\d\d\.json$/.test(entry),
    )
    return [{ id: text(id), name: text(name), topic: text(record(topic).value), days: days.sort() }]
  })
  let total = 0
  for (const { days } of places)
    for (const day of days) for await (const _ of archive.pieces(day, itemsOfList)) total++
  const names = new Map([...people].map(([id, { name }]) => [id, name]))
  return {
    source: 'slack',
    places,
    total,
    async *messages() {
      for (const { id: place, days } of places)
        for (const day of days)
          for await (const { value } of archive.pieces(day, itemsOfList)) {
            const one = record(value)
            const ts = text(one.ts)
            const at = Math.round(Number(ts) * 1000)
            if (one.type !== 'message' || !ts || !Number.isFinite(at) || !SAID.has(text(one.subtype))) {
              left(text(one.subtype) ? 'service' : 'message', sample(text(one.subtype) || value))
              continue
            }
            const root = text(one.thread_ts)
            const attached = list(one.files).map((file) => text(record(file).name) || 'file')
            for (const name of attached) left('file_elsewhere', name)
            yield {
              place,
              id: ts,
              author: authorOf(one, people),
              at,
              text: [toMarkdown(text(one.text), names), ...attached.map((name) => `📎 ${name}`)]
                .filter(Boolean)
                .join('\n\n'),
              thread: root && root !== ts ? root : undefined,
              reactions: list(one.reactions).flatMap((reaction) =>
                reactionOf(record(reaction), people, left),
              ),
              files: [],
            }
          }
    },
  }
}

async function read(archive: ReadArchive, name: string): Promise<readonly unknown[]> {
  const values: unknown[] = []
  if (archive.has(name)) for await (const { value } of archive.pieces(name, itemsOfList)) values.push(value)
  return values
}

const itemsOfList = (path: JsonPath): Verdict =>
  path.length === 0 ? 'enter' : typeof path[0] === 'number' ? 'take' : 'skip'

async function peopleOf(archive: ReadArchive, root: string): Promise<Map<string, Person>> {
  const people = new Map<string, Person>()
  for (const value of await read(archive, `${root}users.json`)) {
    const { id, name, profile, real_name } = record(value)
    const { display_name } = record(profile)
    const called = text(display_name) || text(real_name) || text(record(profile).real_name) || text(name)
    if (text(id)) people.set(text(id), { id: text(id), name: called || text(id) })
  }
  return people
}

function authorOf(one: Readonly<Record<string, unknown>>, people: Map<string, Person>): Person {
  const id = text(one.user) || text(one.bot_id) || 'unknown'
  const named = text(record(one.user_profile).display_name) || text(one.username)
  return people.get(id) ?? { id, name: named || id }
}

function reactionOf(reaction: Readonly<Record<string, unknown>>, people: Map<string, Person>, left: Left) {
  const emoji = emojiOf(text(reaction.name))
  if (emoji === undefined) {
    left('reaction', text(reaction.name))
    return []
  }
  return [
    { emoji, by: list(reaction.users).map((id) => people.get(text(id)) ?? { id: text(id), name: text(id) }) },
  ]
}

/** Slack's own marks as markdown: people and channels by name, links as links. */
function toMarkdown(raw: string, names: ReadonlyMap<string, string>): string {
  return raw
    .replace(/<([^<>|]+)(?:\|([^<>]*))?>/g, (whole, what: string, label?: string) => {
      if (what.startsWith('@')) return `@${names.get(what.slice(1)) ?? label ?? what.slice(1)}`
      if (what.startsWith('#')) return `#${label ?? what.slice(1)}`
      if (what.startsWith('!')) return `@${label ?? what.slice(1).replace(/^subteam\^/, '')}`
      if (!/^(https?|mailto):/.test(what)) return whole
      return label === undefined || label === what ? what : `[${label}](${what})`
    })
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
}
