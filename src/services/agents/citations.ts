import { nearestSentence } from '../../engines/llm/scoring.ts'
import { settleMarkers } from '../../engines/words/markers.ts'
import type { Citation } from '../city/messages.contract.ts'
import type { Source } from './context.ts'

export interface Cited {
  /** The answer without markers that point nowhere. */
  readonly text: string
  /** The sources it really names, by number. */
  readonly citations: Citation[]
}

/** Maps the [n] of an answer to its sources. Markers without a source are taken out; code is left as it is. */
export function cite(answer: string, sources: readonly Source[]): Cited {
  const byNumber = new Map(sources.map((source) => [source.n, source]))
  const { text, used } = settleMarkers(answer, new Set(byNumber.keys()))
  const citations = [...used].flatMap(([n, said]) => {
    const source = byNumber.get(n)
    return source ? [citation(source, said)] : []
  })
  return { text, citations: citations.sort((a, b) => a.n - b.n) }
}

function citation({ n, title, text, page, document, message, url }: Source, said: string): Citation {
  return {
    n,
    title,
    quote: nearestSentence(text, said),
    ...(page !== undefined && { page }),
    ...(document !== undefined && { document }),
    ...(message !== undefined && { message }),
    ...(url !== undefined && { url }),
  }
}
