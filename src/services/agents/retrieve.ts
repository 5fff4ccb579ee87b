import { asksForAll } from '../../engines/llm/scoring.ts'
import type { Client } from '../../kernel/contract.ts'
import type { knowledgeContract } from '../knowledge/knowledge.contract.ts'
import type { RunRequest } from './agents.contract.ts'
import type { Finding, RunContext } from './context.ts'

export interface Retrieved {
  readonly findings: readonly Finding[]
  readonly unread: RunContext['unread']
  /** Which embedding ranked the meaning; null where nothing was searched. */
  readonly engine: string | null
}

export type Knowledge = Pick<Client<typeof knowledgeContract>, 'search' | 'page'>

const SEARCH_MS = 15_000
const LIMIT = 8
const MAX_ATTACHED = 3
const MAX_UNREAD = 5
const MAX_OPENING_CHARS = 3_000

/** Looks the question up in the room's documents, as the asker: those sent with it first, then all of the room. Where pages count as unread, they are those of what was searched. */
export async function retrieve(
  knowledge: Knowledge,
  request: RunRequest,
  question: string,
  options: { readonly signal: AbortSignal; readonly requestId: string },
): Promise<Retrieved> {
  if (!request.room) return { findings: [], unread: [], engine: null }
  const call = { ...options, principal: request.asker, timeoutMs: SEARCH_MS }
  const attached = request.parts.flatMap((part) => (part.document?.id ? [part.document.id] : []))
  const documents = attached.slice(0, MAX_ATTACHED)
  // "What is in this?" is about what was sent with it, not about the room.
  const aboutSent = asksForAll(question) && request.parts.length > 0
  const openings = aboutSent
    ? await Promise.all(documents.map((document) => knowledge.page({ document, page: 1 }, call)))
    : []
  const findings: Finding[] = openings.map(({ document, title, number, text }) => ({
    kind: 'document',
    document,
    title,
    page: number,
    text: text.slice(0, MAX_OPENING_CHARS),
  }))
  const query = question.trim().slice(0, 2_000)
  if (query === '') return { findings: distinct(findings), unread: [], engine: null }
  const rooms = [request.room.id]
  const searches = await Promise.all([
    ...(documents.length > 0 ? [knowledge.search({ query, rooms, documents, limit: LIMIT }, call)] : []),
    ...(aboutSent ? [] : [knowledge.search({ query, rooms, limit: LIMIT }, call)]),
  ])
  for (const { document, title, page, text } of searches.flatMap(({ items }) => items))
    findings.push({ kind: 'document', document, title, page, text })
  const unread = searches.at(-1)?.unread ?? []
  return {
    findings: distinct(findings),
    unread: unread.slice(0, MAX_UNREAD).map(({ title, pages }) => ({ title, pages })),
    engine: searches[0]?.engine ?? null,
  }
}

function distinct(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>()
  return findings.filter(({ document, page, text }) => {
    const key = `${document} ${page} ${text}`
    return text.trim() !== '' && !seen.has(key) && seen.add(key)
  })
}
