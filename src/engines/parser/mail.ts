import PostalMime, { type Address } from 'postal-mime'
import { engineError } from '../engine.errors.ts'
import { readHtml } from './html-blocks.ts'
import type { Place } from './parser.ts'
import { type Block, blocksOf, cutPages, type Draft, headingBlock } from './sections.ts'
import { LONG_PAGE_CHARS } from './sheets.ts'

export interface Letter {
  readonly subject: string | null
  /** Who, to whom, when, about what; then the body. One page, or more where it is long. */
  readonly pages: readonly Draft[]
  readonly attachments: readonly Attachment[]
}

export interface Attachment {
  readonly name: string
  readonly mime: string
  readonly bytes: Uint8Array
}

const MAX_NESTING = 20
const MAX_HEADERS_BYTES = 1 << 20

/** A letter (RFC 5322, MIME). Of a body in several forms the one in HTML is read, which has the tables; the plain one where that is empty. Throws `file.bomb`, `file.unreadable`. */
export async function readLetter(bytes: Uint8Array): Promise<Letter> {
  const letter = await parse(bytes)
  const subject = letter.subject?.replace(/\s+/g, ' ').trim() || null
  const heads = [
    ['From', people(letter.from ? [letter.from] : [])],
    ['To', people(letter.to ?? [])],
    ['Cc', people(letter.cc ?? [])],
    ['Date', letter.date ?? ''],
  ].flatMap(([name, value]) => (value ? [`${name}: ${value}`] : []))
  const html = letter.html ? readHtml(letter.html).blocks : []
  const body = html.some(({ text }) => text !== '')
    ? html
    : blocksOf((letter.text ?? '').replace(/\r\n?/g, '\n'), 'plain')
  const place: Place = { kind: 'message', label: subject ?? heads[0] ?? '' }
  const about: readonly Block[] = [
    ...(subject === null ? [] : [headingBlock(1, subject)]),
    ...heads.map((text) => ({ level: 0, text, markdown: `${text}  `, isItem: true })),
  ]
  const pages = cutPages([...about, ...body], LONG_PAGE_CHARS, place)
  const attachments = letter.attachments.map(({ content, filename, mimeType }, index) => ({
    name: filename ?? `${index + 1}`,
    mime: mimeType,
    bytes: typeof content === 'string' ? new TextEncoder().encode(content) : new Uint8Array(content),
  }))
  return { subject, attachments, pages: pages.length > 0 ? pages : [{ state: 'empty', text: '', place }] }
}

async function parse(bytes: Uint8Array) {
  try {
    return await PostalMime.parse(Uint8Array.from(bytes), {
      maxNestingDepth: MAX_NESTING,
      maxHeadersSize: MAX_HEADERS_BYTES,
      attachmentEncoding: 'arraybuffer',
      forceRfc822Attachments: true,
    })
  } catch (cause) {
    const isDeep = cause instanceof Error && /nesting|header size/i.test(cause.message)
    throw engineError(isDeep ? 'file.bomb' : 'file.unreadable', {}, { cause })
  }
}

const people = (list: readonly Address[]): string =>
  list
    .flatMap(({ group, ...one }) => group ?? [one])
    .map(({ address, name }) => (address && name ? `${name} <${address}>` : name || address || ''))
    .join(', ')

/** The letters of an mbox, cut where a line begins with `From ` after an empty one; what was quoted for that is unquoted. */
export function lettersOf(bytes: Uint8Array): readonly Uint8Array[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const starts: number[] = []
  for (let at = 0; at >= 0; ) {
    if (isLetterStart(buffer, at)) starts.push(at)
    const next = buffer.indexOf('\nFrom ', at, 'latin1')
    at = next < 0 ? -1 : next + 1
  }
  return starts.map((start, index) => {
    const from = buffer.indexOf('\n', start, 'latin1') + 1
    const letter = buffer.subarray(from, starts[index + 1] ?? buffer.length)
    return Buffer.from(letter.toString('latin1').replace(/^>(>*From )/gm, '$1'), 'latin1')
  })
}

/** `From someone Thu Mar  5 10:00:00 2026`, with an empty line before it. */
function isLetterStart(buffer: Buffer, at: number): boolean {
  const line =
    buffer
      .subarray(at, at + 300)
      .toString('latin1')
      .split('\n')[0] ?? ''
  const before = buffer.subarray(Math.max(0, at - 4), at).toString('latin1')
  return /^From \S.*\d{4}\s*$/.test(line) && (at === 0 || /\n\r?\n$/.test(before))
}
