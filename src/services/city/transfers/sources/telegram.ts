import { BARE } from '../read-archive.ts'
import { type Left, list, type ReadSource, record, sample, type Told, text } from './source.ts'

type Row = Readonly<Record<string, unknown>>

/** A JSON export of Telegram Desktop: `result.json` of one chat, or of many, with its files beside it. */
export const readTelegram: ReadSource = async (archive, left) => {
  const entry = archive.names.find((name) => name === BARE || /(^|\/)result\.json$/.test(name))
  if (entry === undefined) return undefined
  const whole = record(await archive.json(entry))
  const chats = (Array.isArray(whole.messages) ? [whole] : list(record(whole.chats).list).map(record)).filter(
    (chat) => Array.isArray(chat.messages),
  )
  if (chats.length === 0) return undefined
  for (const part of [
    'contacts',
    'frequent_contacts',
    'sessions',
    'stories',
    'profile_pictures',
    'left_chats',
  ])
    if (part in whole) left('section', part)
  const folder = entry.slice(0, entry.lastIndexOf('/') + 1)
  return {
    source: 'telegram',
    places: chats.map((chat) => ({ id: text(chat.id), name: text(chat.name) || 'Telegram', topic: '' })),
    total: chats.reduce((sum, chat) => sum + list(chat.messages).length, 0),
    async *messages() {
      for (const chat of chats)
        for (const value of list(chat.messages)) {
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
            place: text(chat.id),
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
