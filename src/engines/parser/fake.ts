import { AppError } from '../../kernel/errors.ts'
import { engineError } from '../engine.errors.ts'
import { bytesOf } from '../foreign-file.ts'
import { titleFrom } from './local.ts'
import type { OutlineItem, ParsedPage, Parser } from './parser.ts'
import { blocksOf, cutSections } from './sections.ts'

export interface FakeParserScript {
  /** The pages of every document; by default its bytes are text, cut as the real one cuts it. */
  pages?: readonly Omit<ParsedPage, 'number'>[] | undefined
  title?: string
  outline?: readonly OutlineItem[] | undefined
  /** What opens every document. */
  password?: string | undefined
  failure?: Error | undefined
}

/** Hands over pages from a script, for tests that are not about documents. */
export function createFakeParser(
  script: FakeParserScript = {},
): Parser & { readonly script: FakeParserScript } {
  return {
    script,
    name: 'fake',
    parse: async (document, { onPage, onProgress, password, pictures, signal, skip }) => {
      const check = (): void => {
        if (signal?.aborted) throw AppError.from(signal.reason)
      }
      check()
      if (script.failure) throw script.failure
      const bytes = await bytesOf(document)
      if (bytes.length === 0) throw engineError('file.empty')
      if (script.password !== undefined && password !== script.password)
        throw engineError(password === undefined ? 'file.encrypted' : 'file.wrong_password')
      const sections = cutSections(blocksOf(new TextDecoder().decode(bytes), 'plain'))
      const pages: readonly Omit<ParsedPage, 'number'>[] =
        script.pages ?? sections.map((text) => ({ state: 'read', text }))
      for (const [index, { pictures: all, ...page }] of pages.entries()) {
        const number = index + 1
        if (!skip?.has(number))
          await onPage({ ...page, number, ...(pictures && all && { pictures: all }) }, pages.length)
        check()
        onProgress?.(number / pages.length)
      }
      const { outline, title = titleFrom(document.name) } = script
      return { title, total: pages.length, engine: 'fake', ...(outline && { outline }) }
    },
  }
}
