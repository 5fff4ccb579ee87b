import { type Kysely, sql } from 'kysely'
import type { z } from 'zod'
import type { Embeddings } from '../../engines/embeddings/embeddings.ts'
import { firstAble } from '../../engines/fallback.ts'
import type { Rerank } from '../../engines/rerank/rerank.ts'
import { blend, phraseBonus, type Ranking } from '../../engines/words/blend.ts'
import { stems } from '../../engines/words/stems.ts'
import { bothLanguages } from './both-languages.ts'
import type { DocumentPlace } from './documents.contract.ts'
import { joined } from './joined.ts'
import type { Passage } from './knowledge.contract.ts'
import type { KnowledgeTables } from './knowledge.tables.ts'
import { isEmpty, type Scope } from './scope.ts'
import type { Script, Vectors } from './vectors.ts'
import { byWords } from './words.ts'

/** A passage that some way of looking found. */
export interface Hit {
  readonly id: string
  readonly document: string
  readonly collection: string
  readonly title: string
  readonly page: number
  readonly place: DocumentPlace | null
  readonly ordinal: number
  readonly start: number
  readonly end: number
  readonly head: number
  readonly text: string
}

type Why = z.output<typeof Passage>['why']

/** A hit with its blended rank and where each way of looking placed it. */
export interface Ranked extends Hit {
  readonly score: number
  readonly why: Why
}

export interface SearchNeeds {
  readonly db: Kysely<KnowledgeTables>
  readonly vectors: Vectors
  /** In order of preference; none is allowed. */
  readonly rerank: readonly Rerank[]
}

/** How many each way of searching brings to the blend. */
const CANDIDATES = 50
/** How many of the blend a reranker sees. */
const RERANKED = 32
/** Times as many are ranked as are given, so that the other alphabet is among them. */
const BOTH = 4
/** Each alphabet is a ranking by itself: what answers in the other language lies further from a question than anything in its own. */
const SCRIPTS: readonly Script[] = ['cyrillic', 'latin']
/** Chosen on the open half of `bench/sets/retrieval`: what one way puts first counts against what two put in the middle. */
const STEEPNESS = 5
/** Letters that look alike count less than meaning. A model that reranks has read question and passage together: it counts most; words alone were counted before. */
const WEIGHT = { words: 1, semantic: 1, letters: 0.4, rerank: 3, rerankByWords: 0.25 }

/** The nearest passages of the scope by words and by vectors, reranked, neighbours joined. `models` are asked in turn, each over the documents it knows whole; one that fails is left out, and `ranked` says who took part. */
export async function nearest(
  { db, vectors, rerank }: SearchNeeds,
  query: string,
  scope: Scope,
  models: readonly Embeddings[],
  how: {
    readonly limit: number
    readonly signal: AbortSignal
    onFailure(model: Embeddings, cause: unknown): void
  },
): Promise<{ items: z.output<typeof Passage>[]; ranked: string[] }> {
  if (isEmpty(scope)) return { items: [], ranked: ['words'] }
  const hits = new Map<string, Hit>()
  const rankings: Ranking[] = []
  const why = new Map<string, Why>()
  const ranked = ['words']
  const add = (ids: readonly string[], weight: number, way: keyof Why) => {
    rankings.push({ ids, weight })
    for (const [at, id] of ids.entries())
      why.set(id, { ...why.get(id), [way]: Math.min(why.get(id)?.[way] ?? at + 1, at + 1) })
  }
  const fetch = async (ids: readonly string[]): Promise<readonly string[]> => {
    const unseen = ids.filter((id) => !hits.has(id))
    for (const hit of await hitsOf(db, unseen)) hits.set(hit.id, hit)
    return ids.filter((id) => hits.has(id))
  }
  add(await fetch(await byWords(db, stems(query), scope, CANDIDATES)), WEIGHT.words, 'words')
  const known = await vectors.known(
    models.map(({ model }) => model),
    scope,
  )
  for (const embeddings of models.filter(({ model }) => known.has(model))) {
    try {
      const [vector] = await embeddings.embed([query], { kind: 'query', signal: how.signal })
      if (!vector) continue
      // Letters say nothing of what is written in others.
      const scripts = embeddings.semantic ? SCRIPTS : [undefined]
      for (const script of scripts) {
        const near = await vectors.nearest(vector, embeddings.model, scope, CANDIDATES, script)
        add(await fetch(near), embeddings.semantic ? WEIGHT.semantic : WEIGHT.letters, 'meaning')
      }
      ranked.push(embeddings.model)
    } catch (cause) {
      how.signal.throwIfAborted()
      how.onFailure(embeddings, cause)
    }
  }
  const phrase = phraseBonus(query)
  const bonuses = new Map<string, number>()
  const bonus = ({ id, text }: Hit): number => {
    const known = bonuses.get(id) ?? phrase(text)
    bonuses.set(id, known)
    return known
  }
  const order = (): Ranked[] =>
    [...blend(rankings, STEEPNESS)]
      .flatMap(([id, score]) => {
        const hit = hits.get(id)
        if (!hit) return []
        return [{ ...hit, score: (score + bonus(hit)) * substance(hit.text), why: why.get(id) ?? {} }]
      })
      .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
  const first = order().slice(0, RERANKED)
  const judged = await judge(rerank, query, first, how.signal)
  if (judged) {
    add(judged.ids, judged.weight, 'rerank')
    if (judged.weight === WEIGHT.rerank) ranked.push(judged.model)
  }
  // Letters alone find nothing in another alphabet.
  const isMeant = models.some(({ model, semantic }) => semantic && ranked.includes(model))
  if (!isMeant) return { items: joined(order(), how.limit), ranked }
  return { items: bothLanguages(query, joined(order(), BOTH * how.limit), how.limit), ranked }
}

/** Where the first able reranker puts the best; null where none answers, for the blend stands without. */
async function judge(
  engines: readonly Rerank[],
  query: string,
  hits: readonly Hit[],
  signal: AbortSignal,
): Promise<{ ids: string[]; weight: number; model: string } | null> {
  if (engines.length === 0 || hits.length < 2) return null
  try {
    return await firstAble(engines, async (engine) => {
      const texts = hits.map(({ text }) => text)
      const scores = await engine.rerank(query, texts, { signal })
      const ids = scores.flatMap(({ index, score }) => (score > 0 ? (hits[index]?.id ?? []) : []))
      const weight = engine.name === 'lexical' ? WEIGHT.rerankByWords : WEIGHT.rerank
      return { ids, weight, model: engine.model }
    })
  } catch {
    signal.throwIfAborted()
    return null
  }
}

/** A few letters, such as a running head, are near to everything and answer nothing. */
const substance = (text: string): number => Math.min(1, 0.5 + text.length / 120)

const COLUMNS = sql`c.id, c.document, c.collection, d.title, c.page, p.place, c.ordinal,
  c.start_at as start, c.end_at as "end", c.head_chars as head, c.text`

async function hitsOf(db: Kysely<KnowledgeTables>, ids: readonly string[]): Promise<Hit[]> {
  if (ids.length === 0) return []
  const { rows } = await sql<Hit>`
    select ${COLUMNS}
    from knowledge.chunk c
    join knowledge.document d on d.id = c.document
    join knowledge.page p on p.document = c.document and p.number = c.page
    where c.id in (${sql.join(ids)})`.execute(db)
  return rows
}
