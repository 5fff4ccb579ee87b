import type { Clock } from '../../kernel/clock.ts'
import { engineError } from '../engine.errors.ts'
import { forChild } from '../foreign-file.ts'
import { childModule } from '../workers/child-process.ts'
import { createPool, type PoolState } from '../workers/pool.ts'
import type { ParserChild } from './parser.child.ts'
import type { Parser } from './parser.ts'
import { readInRuns } from './runs.ts'

export interface LocalParserNeeds {
  readonly clock: Clock
  /** 500 unless told. */
  readonly maxPages?: number
  /** Documents at a time; one unless told. */
  readonly children?: number
  readonly memoryLimitBytes?: number
}

/** The caller closes it. */
export interface LocalParser extends Parser {
  state(): PoolState
  close(): Promise<void>
}

const MB = 1 << 20
const PAGES_PER_RUN = 25
const RUN_DEADLINE_MS = 180_000

/**
 * PDF (pdf.js), DOCX (mammoth), Markdown and plain text, each opened in a limited child process. Formats without pages come in sections of about
 * 3,000 characters, cut at headings and paragraphs, which are called pages all the same. A page of a PDF that ends the child twice is `failed`,
 * and reading goes on after it.
 */
export function createLocalParser(needs: LocalParserNeeds): LocalParser {
  const { clock, maxPages = 500 } = needs
  const pool = createPool<ParserChild>({
    name: 'parser',
    entry: childModule(import.meta.url, './parser.child'),
    size: needs.children ?? 1,
    memoryLimitBytes: needs.memoryLimitBytes ?? 1536 * MB,
    maxQueue: 32,
    clock,
  })

  const parse: Parser['parse'] = async (
    document,
    { onPage, onProgress, password, pictures, signal, skip },
  ) => {
    if ('bytes' in document && document.bytes.length === 0) throw engineError('file.empty')
    const { options, payload } = forChild(document)
    const { mime, name } = document
    const answer = await readInRuns(
      (from, hand) =>
        pool.run(
          'parse',
          {
            ...payload,
            mime,
            name,
            from,
            count: PAGES_PER_RUN,
            maxPages,
            skip: new Set(skip),
            password,
            pictures,
          },
          {
            ...options,
            key: document.key && `${document.key}#${from}`,
            deadlineMs: RUN_DEADLINE_MS,
            signal,
            onMessage: hand,
          },
        ),
      { onPage, onProgress, signal, skip },
    )
    return { ...answer, title: answer.title ?? titleFrom(name) }
  }

  return { name: 'local', parse, state: pool.state, close: pool.close }
}

/** `2024_звіт-остаточний.pdf` → `2024 звіт-остаточний` */
export const titleFrom = (name: string): string =>
  name
    .replace(/^.*[/\\]/, '')
    .replace(/\.[A-Za-z0-9]{1,8}$/, '')
    .replace(/[_\s]+/g, ' ')
    .trim() || name
