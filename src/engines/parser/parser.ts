import { z } from 'zod'
import type { ForeignFile } from '../foreign-file.ts'

/** One page of a document: its text, or a picture of it where it wants to be recognised. Page numbers from 1. */
export const ParsedPage = z.object({
  number: z.number().int(),
  /** `read`: `text` is all of it. `scan`: `image` shows it; `text` is what little the file itself says, for when recognition finds nothing. */
  state: z.enum(['read', 'scan', 'empty', 'failed']),
  text: z.string(),
  /** PNG or JPEG bytes of a scanned page. */
  image: z.instanceof(Uint8Array).optional(),
  /** Why a page failed: a code such as `engine.crashed`, or the reader's own words. */
  error: z.string().optional(),
})
export type ParsedPage = z.infer<typeof ParsedPage>

export interface ParserOptions {
  readonly signal?: AbortSignal | undefined
  /** Pages that are known already: counted, but not handed over, and not opened where that can be helped. */
  readonly skip?: ReadonlySet<number> | undefined
  /** Called with each page once, as it is ready, in order; a slow reader is waited for. What it throws ends the parsing. */
  onPage(page: ParsedPage, total: number): Promise<void> | void
}

/** Foreign documents as text with places. Rejects with `file.encrypted`, `file.unreadable`, `file.too_many_pages`, … */
export interface Parser {
  readonly name: string
  /** Every page from 1 to `total`, but those to skip, has been handed over when this resolves; what could not be read is `failed`, not left out. */
  parse(
    document: ForeignFile & { readonly mime: string; readonly name: string },
    options: ParserOptions,
  ): Promise<{ title: string; total: number; engine: string }>
}
