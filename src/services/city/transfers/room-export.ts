import { sql } from 'kysely'
import type { Files } from '../../../platform/files/files.ts'
import { type CityDb, hydrate, iso, type RoomRow } from '../city.store.ts'
import type { Message } from '../messages.contract.ts'
import type { ExportFormat } from '../transfers.contract.ts'
import { bytes, type FilePiece, jsonArray, type Piece, words } from './archive.ts'
import { escapeHtml, PAGE_END, pageStart, toHtml } from './to-html.ts'
import { toMarkdown } from './transcripts.ts'

export interface RoomToExport {
  readonly db: CityDb
  readonly files: Files
  readonly room: RoomRow
  readonly format: ExportFormat
  /** Who reads: what is a reader's own stands in it as theirs. */
  readonly viewer: string
  /** Hears of each page of messages and each file. */
  readonly tick: (count: number) => void
}

const PAGE = 200
const HTML_PAGE = 500

/** A room as it stands: up to its last number now, so that what is said meanwhile does not make two halves of one archive. */
export async function roomPieces(asked: RoomToExport): Promise<{ pieces: Piece[]; total: number }> {
  const { db, files, room, format, tick } = asked
  const upto = Number(room.seq)
  const firsts = format === 'html' ? await firstsOf(db, room.id, upto) : []
  const held = await heldIn(db, files, room.id, upto)
  const { count } = await db
    .selectFrom('city.message')
    .select((of) => of.fn.countAll<number | string>().as('count'))
    .where('room', '=', room.id)
    .where('seq', '<=', upto)
    .executeTakeFirstOrThrow()
  const about = {
    id: room.id,
    slug: room.slug,
    name: room.name,
    topic: room.topic,
    visibility: room.visibility,
    createdAt: iso(room.created_at),
    seq: upto,
    messages: Number(count),
  }
  const texts = format === 'json' ? jsonPieces : format === 'markdown' ? markdownPieces : htmlPieces
  const pieces = [
    ...texts(asked, about, upto, firsts),
    ...held.there.map((file) => bytes(files, file, () => tick(1))),
    ...missingPiece(held.missing),
  ]
  return { pieces, total: Number(count) + held.there.length }
}

/** The bytes that are no more are named, so that nobody looks for them in vain. */
export function missingPiece(missing: readonly FilePiece[]): Piece[] {
  if (missing.length === 0) return []
  return [
    words('missing-files.json', async function* () {
      yield JSON.stringify(missing.map(({ id, name }) => ({ id, name })))
    }),
  ]
}

type Texts = (
  asked: RoomToExport,
  about: { name: string; topic: string },
  upto: number,
  firsts: readonly number[],
) => Piece[]

const jsonPieces: Texts = (asked, about, upto) => [
  words('room.json', async function* () {
    yield `${JSON.stringify(about, null, 2)}\n`
  }),
  words('messages.json', () => jsonArray(messagesOf(asked, 0, upto))),
]

const markdownPieces: Texts = (asked, { name, topic }, upto) => [
  words('messages.md', async function* () {
    yield `# ${name.replace(/\s+/g, ' ')}\n\n${topic ? `${topic}\n\n` : ''}`
    for await (const page of messagesOf(asked, 0, upto)) yield page.map(toMarkdown).join('')
  }),
]

const htmlPieces: Texts = (asked, { name, topic }, upto, firsts) => {
  const nameOf = (page: number) => `messages-${String(page + 1).padStart(4, '0')}.html`
  const seqs = new Map<string, number>()
  const anchor = (id: string): string | undefined => {
    const page = seqs.get(id)
    return page === undefined ? undefined : `${nameOf(page)}#m-${id}`
  }
  return [
    words('index.html', async function* () {
      yield pageStart(name)
      if (topic) yield `<p class="t">${escapeHtml(topic)}</p>`
      yield `<ol>${firsts.map((first, page) => `<li><a href="${nameOf(page)}">#${first} – #${(firsts[page + 1] ?? upto + 1) - 1}</a></li>`).join('')}</ol>${PAGE_END}`
    }),
    ...firsts.map((first, page) =>
      words(nameOf(page), async function* () {
        yield pageStart(name)
        yield `<p><a href="index.html">${escapeHtml(name)}</a></p>\n`
        for await (const messages of messagesOf(asked, first - 1, (firsts[page + 1] ?? upto + 1) - 1)) {
          // Answers stand after what they answer, so what they point at has been passed.
          for (const { id } of messages) seqs.set(id, page)
          yield messages.map((message) => toHtml(message, anchor)).join('')
        }
        yield PAGE_END
      }),
    ),
  ]
}

/** The first number of each page of HTML. */
async function firstsOf(db: CityDb, room: string, upto: number): Promise<number[]> {
  const { rows } = await sql<{ seq: number | string }>`
    select seq from (select seq, row_number() over (order by seq) as n from city.message
      where room = ${room} and seq <= ${upto}) numbered
    where n % ${sql.lit(HTML_PAGE)} = 1 order by seq`.execute(db)
  return rows.map(({ seq }) => Number(seq))
}

async function* messagesOf(
  { db, room, viewer, tick }: RoomToExport,
  after: number,
  upto: number,
): AsyncGenerator<Message[]> {
  for (let last = after; ; ) {
    const rows = await db
      .selectFrom('city.message')
      .selectAll()
      .where('room', '=', room.id)
      .where('seq', '>', last)
      .where('seq', '<=', upto)
      .orderBy('seq')
      .limit(PAGE)
      .execute()
    if (rows.length === 0) return
    yield await hydrate(db, rows, viewer)
    tick(rows.length)
    last = Number(rows.at(-1)?.seq)
  }
}

async function heldIn(db: CityDb, files: Files, room: string, upto: number) {
  const rows = await db
    .selectFrom('city.part as part')
    .innerJoin('city.message as message', 'message.id', 'part.message')
    .innerJoin('city.file as file', 'file.id', 'part.file')
    .select(['file.id', 'file.name', 'file.mime', 'file.sha256'])
    .distinct()
    .where('part.room', '=', room)
    .where('message.seq', '<=', upto)
    .orderBy('file.id')
    .execute()
  return await sorted(files, rows)
}

/** Which of the files still have their bytes. */
export async function sorted(files: Files, rows: readonly FilePiece[]) {
  const there: FilePiece[] = []
  const missing: FilePiece[] = []
  for (const row of rows) ((await files.has(row.sha256)) ? there : missing).push(row)
  return { there, missing }
}
