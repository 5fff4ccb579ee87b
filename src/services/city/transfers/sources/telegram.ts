import type { JsonPath, Verdict } from '../json-pieces.ts'
import { BARE, type ReadArchive } from '../read-archive.ts'
import { type Left, list, type ReadSource, record, sample, type Told, text } from './source.ts'

type Row = Readonly<Record<string, unknown>>

/** A JSON export of Telegram Desktop: `result.json` of one chat, or of many, with its files beside it. */
export const readTelegram: ReadSource = async (archive, left) => {
  const entry = archive.names.find((name) => name === BARE || /(^|\/)result\.json$/.test(name))
  if (entry === undefined) return undefined
  const { chats, sections } = await survey(archive, entry)
  if (chats.size === 0) return undefined
  for (const part of SECTIONS) if (sections.has(part)) left('section', part)
  const folder = entry.slice(0, entry.lastIndexOf('/') + 1)
  return {
    source: 'telegram',
    places: [...chats.values()].map(({ id, name }) => ({ id, name: name || 'Telegram', topic: '' })),
    total: [...chats.values()].reduce((sum, { messages }) => sum + messages, 0),
    async *messages() {
      for await (const { path, value } of archive.pieces(entry, messagesOnly)) {
        const one = record(value)
        const at = timeOf(one)
        if (one.type !== 'message' || text(one.id) === '' || at === undefined) {
          left(one.type === 'service' ? 'service' : 'message', sample(text(one.action) || value))
          continue
        }
        const { files, notes } = mediaOf(one, left, (path) =>
          archive.has(folder + path) ? folder + path : undefined,
        )
        const from = text(one.forwarded_from)
        yield {
          place: chats.get(chatOf(path))?.id ?? '',
          id: text(one.id),
          author: { id: text(one.from_id) || text(one.from) || '?', name: text(one.from) || '?' },
          at,
          text: [from && `↪ ${from}`, toMarkdown(one.text), ...notes].filter(Boolean).join('\n\n'),
          replyTo: text(one.reply_to_message_id) || undefined,
          reactions: reactionsOf(list(one.reactions), left),
          files,
        }
      }
    },
  }
}

const SECTIONS = ['contacts', 'frequent_contacts', 'sessions', 'stories', 'profile_pictures', 'left_chats']

interface Chat {
  id: string
  name: string
  messages: number
}

/** `messages/3`, or `chats/list/0/messages/3` where there are many chats. */
function isMessage(path: JsonPath): boolean {
  const [last, list] = [path.at(-1), path.at(-2)]
  return typeof last === 'number' && list === 'messages' && isChat(path.slice(0, -2))
}
const isChat = (path: JsonPath): boolean =>
  path.length === 0 ||
  (path.length === 3 && path[0] === 'chats' && path[1] === 'list' && typeof path[2] === 'number')
const chatOf = (path: JsonPath): number => (typeof path[2] === 'number' ? path[2] : 0)

function messagesOnly(path: JsonPath): Verdict {
  if (isMessage(path)) return 'take'
  const leads = isChat(path) || path.join('/') === 'chats' || path.join('/') === 'chats/list'
  return leads || (path.at(-1) === 'messages' && isChat(path.slice(0, -1))) ? 'enter' : 'skip'
}

/** The chats that hold messages, by their place in the file, and what stands beside them. Messages are only counted. */
async function survey(archive: ReadArchive, entry: string) {
  const about = new Map<number, Chat>()
  const sections = new Set<string>()
  const holding = new Set<number>()
  const chat = (path: JsonPath): Chat => {
    const known = about.get(chatOf(path)) ?? { id: '', name: '', messages: 0 }
    about.set(chatOf(path), known)
    return known
  }
  const judge = (path: JsonPath): Verdict => {
    const [last] = path.slice(-1)
    if (path.length === 1) sections.add(String(last))
    if (isMessage(path)) {
      chat(path).messages++
      holding.add(chatOf(path))
      return 'skip'
    }
    if ((last === 'id' || last === 'name') && isChat(path.slice(0, -1))) return 'take'
    if (last === 'messages' && isChat(path.slice(0, -1))) {
      chat(path)
      holding.add(chatOf(path))
    }
    return messagesOnly(path)
  }
  for await (const { path, value } of archive.pieces(entry, judge))
    chat(path)[path.at(-1) === 'id' ? 'id' : 'name'] = text(value)
  const chats = new Map([...about].filter(([place]) => holding.has(place)))
  return { chats, sections }
}

function timeOf({ date_unixtime, date }: Row): number | undefined {
  const at = text(date_unixtime) ? Number(text(date_unixtime)) * 1000 : Date.parse(`${text(date)}Z`)
  return Number.isFinite(at) ? at : undefined
}

/** Text comes as it is, or in pieces with what each is. */
function toMarkdown(value: unknown): string {
  if (!Array.isArray(value)) return text(value)
  return value
    .map((piece: unknown) => {
      if (typeof piece === 'string') return piece
      const { type, text: inner, href, language } = record(piece)
      const said = text(inner)
      switch (type) {
        case 'bold':
          return `**${said}**`
        case 'italic':
          return `_${said}_`
        case 'strikethrough':
          return `~~${said}~~`
        case 'spoiler':
          return `||${said}||`
        case 'code':
          return `\`${said}\``
        case 'pre':
          return `\n\`\`\`${text(language)}\n${said}\n\`\`\`\n`
        case 'text_link':
          return `[${said}](${text(href)})`
        default:
          return said
      }
    })
    .join('')
}

function mediaOf(one: Row, left: Left, find: (path: string) => string | undefined) {
  const files: { name: string; path: string }[] = []
  const notes: string[] = []
  for (const field of ['photo', 'file'] as const) {
    const path = text(one[field])
    if (path === '') continue
    const name = text(one.file_name) || path.split('/').at(-1) || 'file'
    const there = find(path)
    if (there !== undefined) files.push({ name, path: there })
    else {
      left('file_missing', path)
      notes.push(`📎 ${path.startsWith('(') ? text(one.media_type) || field : name}`)
    }
  }
  if ('poll' in one) {
    const { question, answers } = record(one.poll)
    const options = list(answers).map(
      (answer) => `- ${text(record(answer).text)} — ${text(record(answer).voters)}`,
    )
    notes.push([`**${text(question)}**`, ...options].join('\n'))
    left('poll_as_text', text(question))
  }
  const { latitude, longitude } = record(one.location_information)
  if (text(latitude) !== '') notes.push(`📍 ${text(latitude)}, ${text(longitude)}`)
  const { first_name, last_name, phone_number } = record(one.contact_information)
  if (text(first_name) !== '' || text(phone_number) !== '')
    notes.push(`👤 ${[first_name, last_name, phone_number].map(text).filter(Boolean).join(' ')}`)
  for (const kind of ['location_information', 'contact_information', 'game_title', 'invoice_information'])
    if (kind in one) left(kind, sample(one[kind]))
  return { files, notes }
}

/** Who reacted is named for some; the others are only counted. */
function reactionsOf(values: readonly unknown[], left: Left): Told['reactions'] {
  return values.flatMap((value) => {
    const { type, emoji, count, recent } = record(value)
    if (type !== 'emoji' || text(emoji) === '') {
      left('reaction', text(type))
      return []
    }
    const named = list(recent).map((one) => ({
      id: text(record(one).from_id),
      name: text(record(one).from) || 'Telegram',
    }))
    const more = Math.min(MAX_COUNTED, Math.max(0, Number(count) - named.length)) || 0
    const unnamed = Array.from({ length: more }, (_, i) => ({ id: `unnamed ${i}`, name: 'Telegram' }))
    return [{ emoji: text(emoji), by: [...named, ...unnamed] }]
  })
}

const MAX_COUNTED = 200
