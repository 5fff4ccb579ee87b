import { readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { type Kysely, sql } from 'kysely'
import { z } from 'zod'
import { stems } from '../src/engines/words/stems.ts'
import type { Call } from '../src/kernel/contract.ts'
import { answer, passagesFor } from '../src/services/knowledge/answer.ts'
import { joined } from '../src/services/knowledge/joined.ts'
import type { Passage } from '../src/services/knowledge/knowledge.contract.ts'
import type { KnowledgeTables } from '../src/services/knowledge/knowledge.tables.ts'
import type { Hit } from '../src/services/knowledge/search.ts'
import { testDatabase } from '../test/kit/database.ts'
import { type Library, openLibrary, READER, ROOM, remembering } from './library.ts'
import type { Row } from './measure.ts'

const SET = join(import.meta.dirname, 'sets', 'retrieval')
const TOP = 5
const CALL: Call = {
  principal: READER,
  service: null,
  requestId: 'bench',
  signal: new AbortController().signal,
}

const Question = z.object({
  id: z.string(),
  language: z.enum(['uk', 'en']),
  kind: z.string(),
  question: z.string(),
  answers: z.array(z.object({ document: z.string(), says: z.string() })).min(1),
  half: z.enum(['open', 'held']),
})
type Question = z.infer<typeof Question>
type Found = z.output<typeof Passage>

const WAYS = ['ours', 'words', 'vectors'] as const
type Way = (typeof WAYS)[number]

/**
 * Retrieval on a frozen set of questions over manual pages: ours beside BM25 alone and vectors alone over the same passages, joined in the same
 * way; what each finds among its first five, and what the librarian, who quotes, then cites. Judged on the half that nothing was tuned on.
 */
export async function retrieval(): Promise<readonly Row[]> {
  const questions = (await readFile(join(SET, 'questions.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => Question.parse(JSON.parse(line)))
  const cache = join(tmpdir(), 'daarion-bench-vectors')
  const kept: Map<string, Float32Array> = await readFile(cache).then(deserialize, () => new Map())
  await using database = await testDatabase()
  await using library = await openLibrary(database, (model) => remembering(model, kept))
  await library.start()
  const names = await readdir(join(SET, 'documents'))
  for (const name of names) await library.post(name, await readFile(join(SET, 'documents', name)))
  await library.events.settled(30 * 60_000)
  await writeFile(cache, serialize(kept))
  const db = database.kysely.withTables<KnowledgeTables>()
  const scores = await measure(questions, await ways(db, library), await shelfOf(db))
  await writeFile(cache, serialize(kept))
  const rows: Row[] = []
  for (const half of ['open', 'held'] as const) {
    const of = (way: Way) => sumUp(scores.filter((one) => one.way === way && one.question.half === half))
    for (const [what, key] of [
      [`recall@${TOP} of the answering paragraph`, 'place'],
      [`recall@${TOP} of its document`, 'document'],
      ['citations that point at an answering document', 'cited'],
      ['citations that point at the answering page', 'citedPlace'],
    ] as const) {
      const [ours, words, vectors] = WAYS.map((way) => of(way)[key]) as [number, number, number]
      const best = Math.max(words, vectors)
      rows.push({
        what: `${what}, ${half} half`,
        ours: ours.toFixed(3),
        peer: `BM25 ${words.toFixed(3)}, vectors ${vectors.toFixed(3)}`,
        ratio: ours / best,
        goal: 'best of the three',
        met: ours > best,
      })
    }
    console.log(
      `${half}: answers that cite anything: ${WAYS.map((way) => `${way} ${of(way).answered.toFixed(2)}`).join(', ')}`,
    )
  }
  tell(scores)
  return rows
}

/** What a way of looking earned with a question: of its answers, the share whose paragraph or document is among the first five passages; and how many of the citations point at a document that answers, at the page of it that does. */
interface Scored {
  readonly way: Way
  readonly question: Question
  readonly place: number
  readonly document: number
  readonly cited: number
  readonly citedPlace: number
  readonly citations: number
}

type Look = (query: string, limit: number) => Promise<readonly Found[]>

async function ways(
  db: Kysely<KnowledgeTables>,
  { embeddings, service }: Library,
): Promise<Record<Way, Look>> {
  const hits = await allHits(db)
  const byId = new Map(hits.map((hit) => [hit.id, hit]))
  const words = bm25(hits)
  const { rows } = await sql<{ chunk: string; embedding: string }>`
    select chunk, embedding::text as embedding from knowledge.vector`.execute(db)
  const vectors = rows.map(({ chunk, embedding }) => ({
    id: chunk,
    vector: Float32Array.from(JSON.parse(embedding) as number[]),
  }))
  const best = (scored: { id: string; score: number }[], limit: number) =>
    joined(
      scored
        .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
        .slice(0, 50)
        .flatMap(({ id, score }) => {
          const hit = byId.get(id)
          return hit ? [{ ...hit, score, why: {} }] : []
        }),
      limit,
    )
  return {
    ours: async (query, limit) =>
      (await service.handlers.search({ query, rooms: [ROOM], limit }, CALL)).items,
    words: async (query, limit) => best(words(query), limit),
    vectors: async (query, limit) => {
      const [asked = new Float32Array()] = await embeddings.embed([query], {
        kind: 'query',
        signal: CALL.signal,
      })
      return best(
        vectors.map(({ id, vector }) => ({ id, score: dot(asked, vector) })),
        limit,
      )
    },
  }
}

/** Which file a document is, and what stands on its pages. */
interface Shelf {
  readonly db: Kysely<KnowledgeTables>
  readonly fileOf: ReadonlyMap<string, string>
  readonly pages: ReadonlyMap<string, string>
}

async function shelfOf(db: Kysely<KnowledgeTables>): Promise<Shelf> {
  const documents = await db
    .selectFrom('knowledge.document')
    .select(['id', 'file', 'state', 'error'])
    .execute()
  const unread = documents.filter(({ state }) => state !== 'done')
  if (unread.length > 0) throw new Error(`not read: ${JSON.stringify(unread)}`)
  const pages = await db.selectFrom('knowledge.page').select(['document', 'number', 'text']).execute()
  return {
    db,
    fileOf: new Map(documents.map(({ file, id }) => [id, (file ?? '').replace('file_', '')])),
    pages: new Map(pages.map(({ document, number, text }) => [`${document} ${number}`, text])),
  }
}

async function measure(
  questions: readonly Question[],
  looks: Record<Way, Look>,
  { db, fileOf, pages }: Shelf,
): Promise<Scored[]> {
  const scores: Scored[] = []
  for (const question of questions)
    for (const way of WAYS) {
      const { answers, question: query } = question
      const top = await looks[way](query, TOP)
      const laid = await looks[way](query, passagesFor(query))
      const share = (holds: (one: Question['answers'][number]) => boolean) =>
        answers.filter(holds).length / answers.length
      const { citations } = await answer({ db }, query, { collections: [] }, laid, [], CALL)
      const right = citations.filter(({ document: id }) =>
        answers.some(({ document }) => fileOf.get(id) === document),
      )
      const onPage = right.filter(({ document: id, page }) =>
        answers.some(
          (one) => fileOf.get(id) === one.document && stands(one.says, pages.get(`${id} ${page}`) ?? ''),
        ),
      )
      scores.push({
        way,
        question,
        place: share((one) =>
          top.some(({ document: id, text }) => fileOf.get(id) === one.document && stands(one.says, text)),
        ),
        document: share((one) => top.some(({ document: id }) => fileOf.get(id) === one.document)),
        cited: right.length,
        citedPlace: onPage.length,
        citations: citations.length,
      })
    }
  return scores
}

function sumUp(scores: readonly Scored[]) {
  const sum = (of: (one: Scored) => number) => scores.reduce((all, one) => all + of(one), 0)
  const citations = sum((one) => one.citations) || 1
  return {
    place: sum(({ place }) => place) / scores.length,
    document: sum(({ document }) => document) / scores.length,
    cited: sum(({ cited }) => cited) / citations,
    citedPlace: sum(({ citedPlace }) => citedPlace) / citations,
    answered: scores.filter((one) => one.citations > 0).length / scores.length,
  }
}

/** What kinds of questions are found, for whoever tunes. */
function tell(scores: readonly Scored[]): void {
  const kinds = [...new Set(scores.map(({ question }) => `${question.kind} ${question.language}`))].sort()
  for (const kind of kinds) {
    const of = (way: Way) =>
      sumUp(
        scores.filter((one) => one.way === way && `${one.question.kind} ${one.question.language}` === kind),
      ).place
    console.log(`${kind}: ${WAYS.map((way) => `${way} ${of(way).toFixed(2)}`).join(', ')}`)
  }
}

const WINDOW = 50

/** Whether some stretch of what answers stands in a text: it may be cut between two passages. */
function stands(says: string, text: string): boolean {
  const [wanted, held] = [letters(says), letters(text)]
  if (wanted.length <= WINDOW) return held.includes(wanted)
  for (let at = 0; at + WINDOW <= wanted.length; at += WINDOW / 2)
    if (held.includes(wanted.slice(at, at + WINDOW))) return true
  return false
}

const letters = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '')

const dot = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, one, i) => sum + one * (b[i] ?? 0), 0)

async function allHits(db: Kysely<KnowledgeTables>): Promise<Hit[]> {
  const { rows } = await sql<Hit>`
    select c.id, c.document, c.collection, d.title, c.page, p.place, c.ordinal, c.start_at as start, c.end_at as "end",
      c.head_chars as head, c.text
    from knowledge.chunk c
    join knowledge.document d on d.id = c.document
    join knowledge.page p on p.document = c.document and p.number = c.page`.execute(db)
  return rows
}

/** The usual constants (Robertson, Zaragoza 2009), over the same stems as ours. */
const [K1, B] = [1.2, 0.75]

function bm25(hits: readonly Hit[]): (query: string) => { id: string; score: number }[] {
  const held = hits.map(({ id, text }) => {
    const counts = new Map<string, number>()
    const words = stems(text)
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
    return { id, counts, length: words.length }
  })
  const mean = held.reduce((sum, { length }) => sum + length, 0) / held.length
  const inDocuments = new Map<string, number>()
  for (const { counts } of held)
    for (const word of counts.keys()) inDocuments.set(word, (inDocuments.get(word) ?? 0) + 1)
  return (query) => {
    const asked = [...new Set(stems(query))]
    return held.flatMap(({ counts, id, length }) => {
      let score = 0
      for (const word of asked) {
        const times = counts.get(word) ?? 0
        if (times === 0) continue
        const holding = inDocuments.get(word) ?? 0
        const rarity = Math.log(1 + (held.length - holding + 0.5) / (holding + 0.5))
        score += (rarity * times * (K1 + 1)) / (times + K1 * (1 - B + (B * length) / mean))
      }
      return score > 0 ? [{ id, score }] : []
    })
  }
}
