import { AppError } from '../../kernel/errors.ts'
import type { ParseAnswer, ParseMessage } from './parser.child.ts'
import type { ParsedPage, ParserOptions } from './parser.ts'

/** Reads some pages from `from` on and hands them over in order; may begin again at `from` after a mishap of its own. */
export type ReadRun = (from: number, onPage: (message: ParseMessage) => Promise<void>) => Promise<ParseAnswer>

const MAX_LOST_PAGES = 3
const ENDED: readonly string[] = ['engine.crashed', 'engine.quarantined', 'call.timeout']

/**
 * A whole document by runs: each page is handed over once; the page at which a run ended its child for good is `failed`, and reading goes on
 * after it, up to three times. What ended it before any page was known, or was no mishap of the child, is thrown.
 */
export async function readInRuns(
  read: ReadRun,
  { onPage, onProgress, signal, skip }: ParserOptions,
): Promise<ParseAnswer> {
  const seen = { total: 0, next: 1 }
  const passKnown = (): void => {
    while (skip?.has(seen.next)) seen.next++
  }
  const hand = async (page: ParsedPage, total: number): Promise<void> => {
    seen.total = total
    if (page.number < seen.next) return
    if (!skip?.has(page.number)) await onPage(page, total)
    seen.next = page.number + 1
    passKnown()
    onProgress?.((seen.next - 1) / total)
  }
  passKnown()
  for (let lost = 0; ; ) {
    try {
      const answer = await read(seen.next, ({ page, total }) => hand(page, total))
      if (seen.next > answer.total) return answer
    } catch (cause) {
      const error = AppError.from(cause)
      const isLost = ENDED.includes(error.code) && !signal?.aborted && seen.next <= seen.total
      if (!isLost || ++lost > MAX_LOST_PAGES) throw error
      await hand({ number: seen.next, state: 'failed', text: '', error: error.code }, seen.total)
      if (seen.next > seen.total) return { title: null, total: seen.total, engine: 'local/pdfjs' }
    }
  }
}
