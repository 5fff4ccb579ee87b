import { languageOf } from '../../engines/llm/librarian-words.ts'
import { closeness } from '../../engines/llm/scoring.ts'
import type { RunRequest } from './agents.contract.ts'

/** Something an answer may rest on, and how it is cited. */
export interface Source {
  readonly n: number
  readonly kind: 'document' | 'part' | 'message' | 'web' | 'memory' | 'summary'
  readonly title: string
  readonly text: string
  readonly page?: number
  readonly document?: string
  readonly message?: string
  readonly url?: string
}
export type Finding = Omit<Source, 'n'>

/** Everything an answer is made of, found out before the model is asked. */
export interface RunContext {
  /** What is asked: the words typed, or else those spoken. Empty where only files were sent. */
  readonly question: string
  readonly language: 'uk' | 'en'
  readonly sources: readonly Source[]
  readonly unread: readonly { readonly title: string; readonly pages: readonly number[] }[]
  /** Parts of a program's own request, once they were heard and read. */
  readonly parts?: RunRequest['parts']
  /** Whose room it is; absent where it is nobody’s. */
  readonly community?: string
  /** Whether nobody but the asker hears the answer. */
  readonly alone?: boolean
}

const PASSAGE_CHARS = 1_200
const MAX_FROM_PARTS = 8
const MAX_MESSAGES = 30
const MAX_MESSAGE_CHARS = 1_500
const MAX_MESSAGES_CHARS = 10_000
const MAX_QUESTION_CHARS = 8_000

type Part = RunRequest['parts'][number]

/** The question of a request. Typed words come first; a voice message without any is the question itself. The agent's own name is no part of it. */
export function questionOf(request: RunRequest, names: readonly string[]): string {
  const typed = withoutNames(request.text, names)
  const spoken = request.parts.map((part) => part.transcript?.text ?? '').filter(Boolean)
  return (typed || withoutNames(spoken.join('\n'), names)).slice(0, MAX_QUESTION_CHARS)
}

/** Whether somebody's voice is what is asked rather than something asked about. */
const spokenIsQuestion = (request: RunRequest, names: readonly string[]): boolean =>
  withoutNames(request.text, names) === ''

/** What the parts of the message itself gave: recognised text, transcripts, pages kept nowhere else. */
export function partFindings(request: RunRequest, names: readonly string[], question: string): Finding[] {
  const asked = spokenIsQuestion(request, names)
  const found = request.parts.flatMap((part) => {
    const here = {
      kind: 'part' as const,
      title: part.name,
      ...(request.message && { message: request.message }),
    }
    return textsOf(part, asked).flatMap(({ text, page }) =>
      passagesOf(text).map((passage) => ({ ...here, text: passage, ...(page !== undefined && { page }) })),
    )
  })
  if (found.length <= MAX_FROM_PARTS) return found
  // Nearest first; the sort is stable, so where nothing is near the beginning is taken.
  return found
    .map((finding) => ({ finding, near: closeness(question, finding.text) }))
    .sort((a, b) => b.near - a.near)
    .slice(0, MAX_FROM_PARTS)
    .map(({ finding }) => finding)
}

/** What was seen, as a passage in both languages: the question may be in either. */
function sightText(sight: Part['sight']): string {
  if (!sight) return ''
  const named = (language: 'uk' | 'en') => [...new Set(sight.objects.map(({ label }) => label[language]))]
  const things =
    sight.objects.length > 0
      ? `На фото: ${named('uk').join(', ')}. (In the photo: ${named('en').join(', ')}.)`
      : ''
  return [sight.text ?? '', things].filter((text) => text !== '').join('\n')
}

function textsOf(part: Part, spokenIsAsked: boolean): { text: string; page?: number }[] {
  const pages = (part.pages ?? []).map(({ number, text }) => ({ text, page: number }))
  const spoken = spokenIsAsked ? '' : (part.transcript?.text ?? '')
  return [{ text: part.ocr?.text ?? '' }, { text: sightText(part.sight) }, { text: spoken }, ...pages].filter(
    ({ text }) => text.trim() !== '',
  )
}

/** What was said in the room before, oldest first; where it is too much, the newest. The agent's own answers are no source. */
export function messageFindings(request: RunRequest, agent: string): Finding[] {
  const said = request.history.filter(({ author, text }) => author.id !== agent && text.trim() !== '')
  let left = MAX_MESSAGES_CHARS
  return said
    .slice(-MAX_MESSAGES)
    .reverse()
    .map(({ author, text, message }) => ({
      kind: 'message' as const,
      title: author.name,
      text: text.slice(0, MAX_MESSAGE_CHARS),
      message,
    }))
    .filter(({ text }) => {
      left -= text.length
      return left >= 0
    })
    .reverse()
}

/** Numbers the findings in the order given, from 1. */
export const numbered = (findings: readonly Finding[]): Source[] =>
  findings.map((finding, i) => ({ ...finding, n: i + 1 }))

/** The language to answer in: that of the question, or where it has no words, of what was found. */
export function answerLanguage(question: string, findings: readonly Finding[]): 'uk' | 'en' {
  const words = [question, ...findings.map(({ text }) => text)].find((text) => /\p{L}/u.test(text))
  return words === undefined ? 'uk' : languageOf(words)
}

/** Takes out what the agent is called by: `@daarwizz, що там?` asks „що там?“. */
export function withoutNames(text: string, names: readonly string[]): string {
  const spellings = [...names].sort((a, b) => b.length - a.length).map((name) => escaped(name))
  if (spellings.length === 0) return text.trim()
  const called = new RegExp(`(?<![\\p{L}\\p{N}_@.-])@?(?:${spellings.join('|')})(?![\\p{L}\\p{N}_-])`, 'giu')
  return text
    .replace(called, '')
    .replace(/^[\s,.:;!–—-]+/u, '')
    .replace(/,?\s*([,.!?])/g, '$1')
    .trim()
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** A long text in pieces of about a screen, cut between paragraphs or sentences where there are any. */
export function passagesOf(text: string): string[] {
  const passages: string[] = []
  let rest = text.trim()
  while (rest.length > PASSAGE_CHARS) {
    const room = rest.slice(0, PASSAGE_CHARS)
    const cut = [room.lastIndexOf('\n\n'), room.lastIndexOf('. ') + 1, room.lastIndexOf(' ')].find(
      (at) => at > PASSAGE_CHARS / 2,
    )
    passages.push(rest.slice(0, cut ?? PASSAGE_CHARS).trim())
    rest = rest.slice(cut ?? PASSAGE_CHARS).trim()
  }
  return rest ? [...passages, rest] : passages
}
