import type { Message, Part } from '../messages.contract.ts'
import { pathOf } from './archive.ts'

/** What was heard or read in a part; empty where there is nothing. */
export const readIn = ({ transcript, ocr }: Part): string => transcript?.text ?? ocr?.text ?? ''

/** A moment to the minute, in UTC: an archive has no reader whose zone would be known. */
export const minute = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`

/** A message's words in markdown, its files as links beside it. */
export function toMarkdown(message: Message): string {
  const { author, parts, poll, reactions = [], replyTo, thread, deleted } = message
  const head = `## ${oneLine(author.name)} · ${minute(message.createdAt)} · #${message.seq}\n\n`
  if (deleted) return `${head}*This message was deleted.*\n\n`
  const marks = [
    message.forwarded && `Forwarded from ${oneLine(message.forwarded.author.name)}`,
    message.imported && `Imported from ${message.imported.from}`,
    replyTo && `In reply to ${replyTo}`,
    thread && `In the thread of ${thread}`,
    message.editedAt && `Edited ${minute(message.editedAt)}`,
    message.pinned && 'Pinned',
  ].filter(Boolean)
  const lines = [
    ...(marks.length > 0 ? [`*${marks.join(' · ')}*`] : []),
    ...(message.text ? [message.text] : []),
    ...parts.flatMap((part) => [
      `${part.type === 'image' ? '!' : ''}[${link(part.name)}](<${pathOf({ id: part.file, name: part.name })}>)`,
      ...(readIn(part) ? [quote(readIn(part))] : []),
    ]),
    ...(poll
      ? [
          [
            `**${oneLine(poll.question)}**`,
            ...poll.options.map((o) => `- ${oneLine(o.text)} — ${o.votes}`),
          ].join('\n'),
        ]
      : []),
    ...(message.citations ?? []).map((one) => `[${one.n}] ${oneLine(one.title)}: ${oneLine(one.quote)}`),
    ...(reactions.length > 0 ? [reactions.map(({ emoji, count }) => `${emoji} ${count}`).join('  ')] : []),
  ]
  return `${head}${lines.join('\n\n')}\n\n`
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()
const link = (text: string): string => oneLine(text).replace(/[[\]\\]/g, '\\$&')
const quote = (text: string): string => text.replace(/^/gm, '> ')
