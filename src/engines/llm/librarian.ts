import type { Clock } from '../../kernel/clock.ts'
import type { Ids } from '../../kernel/ids.ts'
import { courtesy, languageOf, PHRASES, quoted } from './librarian-words.ts'
import type { ChatRequest, Llm, LlmHints, LlmPassage } from './llm.ts'
import { asksForAll, bestQuotes, type Quote, sentences } from './scoring.ts'

const LIBRARIAN = 'librarian'

const MAX_QUOTES = 3
const MAX_TITLES = 5
const PIECE_CHARS = 28

/** Answers without a language model: quotes the sentences that hold the question's words, says where from, and says what it is. It adds no word of its own about the matter, so it invents nothing. */
export function librarian(needs: { readonly clock: Clock; readonly ids: Ids }): Llm {
  return {
    name: LIBRARIAN,
    models: () => [{ id: LIBRARIAN, ownedBy: 'daarion' }],
    missing: async () => null,

    async *chat(request, { signal }) {
      signal.throwIfAborted()
      const text = librarianAnswer(hintsOf(request))
      const about = {
        id: needs.ids.make('chatcmpl'),
        object: 'chat.completion.chunk',
        created: Math.floor(needs.clock.now() / 1000),
        model: LIBRARIAN,
      }
      const chunk = (delta: object, finish_reason: 'stop' | null) => ({
        ...about,
        choices: [{ index: 0, delta, finish_reason }],
      })
      yield chunk({ role: 'assistant', content: '' }, null)
      for (const content of pieces(text)) {
        signal.throwIfAborted()
        yield chunk({ content }, null)
      }
      yield chunk({}, 'stop')
      if (wantsUsage(request)) yield { ...about, choices: [], usage: usageOf(request, text) }
    },
  }
}

/** The whole answer to what is asked, from what is given. Pure. */
export function librarianAnswer(hints: LlmHints): string {
  const { question = '', passages = [], unread = [] } = hints
  const language = hints.language ?? languageOf(question)
  const say = PHRASES[language]
  const polite = courtesy(question)
  if (polite) return say[polite]
  const overview = asksForAll(question)
  const quotes = overview ? openings(passages) : bestQuotes(question, passages, MAX_QUOTES)
  const lines = quotes.map(({ text, n }) => `${quoted(text, language)} [${n}]`)
  const notes = unread
    .filter(({ pages }) => pages.length > 0)
    .map(({ title, pages }) => say.unread(title, pages))
  if (lines.length === 0) return [say.nothing, lookedAt(passages, say), ...notes, say.self].join('\n\n')
  const head = overview ? say.overview : say.found
  return [head, ...lines, ...notes, say.self].join('\n\n')
}

/** The first words of what was given, documents before the talk of the room. */
function openings(passages: readonly LlmPassage[]): Quote[] {
  const given = passages.filter(({ kind }) => kind !== 'message')
  return given
    .map(({ n, text }) => ({ n, text: sentences(text)[0] ?? '', score: 0 }))
    .filter(({ text }) => text !== '')
    .slice(0, MAX_QUOTES)
}

function lookedAt(passages: readonly LlmPassage[], say: (typeof PHRASES)['uk']): string {
  if (passages.length === 0) return say.noneLookedAt
  const messages = passages.filter(({ kind }) => kind === 'message').length
  const titles = [...new Set(passages.filter(({ kind }) => kind !== 'message').map(({ title }) => title))]
  return say.lookedAt(titles.slice(0, MAX_TITLES), Math.max(0, titles.length - MAX_TITLES), messages)
}

/** A program that sends no hints asks with its last message, and what was said before is what can be quoted. */
function hintsOf(request: ChatRequest): LlmHints {
  const said = request.messages
    .map((message) => ({ role: message.role, text: textOf(message.content) }))
    .filter(({ role, text }) => (role === 'user' || role === 'assistant') && text !== '')
  const passages = said
    .slice(0, -1)
    .map(({ role, text }, i) => ({ n: i + 1, title: role, text, kind: 'message' as const }))
  return { question: said.at(-1)?.text ?? '', passages, ...request.daarion }
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.flatMap((part) => (typeof part?.text === 'string' ? [part.text] : [])).join('\n')
}

function pieces(text: string): string[] {
  const out: string[] = []
  for (const word of text.match(/\s*\S+\s*$|\s*\S+/g) ?? [])
    if ((out.at(-1)?.length ?? PIECE_CHARS) + word.length > PIECE_CHARS) out.push(word)
    else out.push((out.pop() ?? '') + word)
  return out
}

function wantsUsage(request: ChatRequest): boolean {
  const { stream_options: asked } = request
  const named = typeof asked === 'object' && asked !== null && 'include_usage' in asked
  return request.stream !== true || (named && asked.include_usage === true)
}

/** Nothing here counts tokens: four characters are taken for one, as is usual. */
function usageOf(request: ChatRequest, text: string) {
  const prompt_tokens = Math.ceil(JSON.stringify(request.messages).length / 4)
  const completion_tokens = Math.ceil(text.length / 4)
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens }
}
