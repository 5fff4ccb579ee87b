import { AppError } from '../../kernel/errors.ts'
import { engineError } from '../engine.errors.ts'
import { bytesOf } from '../foreign-file.ts'
import { titleFrom } from './local.ts'
import type { ParsedPage, Parser } from './parser.ts'
import { blocksOf, cutSections } from './sections.ts'

export interface FakeParserScript {
  /** The pages of every document; by default its bytes are text, cut as the real one cuts it. */
  pages?: readonly Omit<ParsedPage, 'number'>[] | undefined
  title?: string
  failure?: Error | undefined
}

/** Hands over pages from a script, for tests that are not about documents. */
export function createFakeParser(
  script: FakeParserScript = {},
): Parser & { readonly script: FakeParserScript } {
  return {
    script,
    name: 'fake',
    parse: async (document, { onPage, signal, skip }) => {
      const check = (): void => {
        if (signal?.aborted) throw AppError.from(signal.reason)
      }
      check()
      if (script.failure) throw script.failure
      const bytes = await bytesOf(document)
      if (bytes.length === 0) throw engineError('file.empty')
      const sections = cutSections(blocksOf(new TextDecoder().decode(bytes), 'plain'))
      const pages = script.pages ?? sections.map((text) => ({ state: 'read' as const, text }))
      for (const [index, page] of pages.entries()) {
        if (!skip?.has(index + 1)) await onPage({ ...page, number: index + 1 }, pages.length)
        check()
      }
      return { title: script.title ?? titleFrom(document.name), total: pages.length, engine: 'fake' }
    },
  }
}
