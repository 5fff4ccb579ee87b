import { z } from 'zod'

/** One page of a document: its text, or a picture of it where it holds no text and wants to be recognised. Page numbers from 1. */
export const ParsedPage = z.object({
  number: z.number().int(),
  state: z.enum(['read', 'scan', 'empty', 'failed']),
  text: z.string(),
  /** PNG or JPEG bytes of a scanned page. */
  image: z.instanceof(Uint8Array).optional(),
  error: z.string().optional(),
})
export type ParsedPage = z.infer<typeof ParsedPage>

export interface ParserOptions {
  readonly signal?: AbortSignal
  /** Pages that are known already: counted, but neither opened nor rendered. A driver that cannot leave them out may hand them over all the same. */
  readonly skip?: ReadonlySet<number>
  /** Called with each page as it is ready, in order; a slow reader is waited for. */
  onPage(page: ParsedPage, total: number): Promise<void> | void
}

/** Foreign documents as text with places. Rejects with `file.encrypted`, `file.unreadable`, `file.too_many_pages`, … */
export interface Parser {
  readonly name: string
  parse(
    document: { bytes: Uint8Array; mime: string; name: string },
    options: ParserOptions,
  ): Promise<{ title: string; total: number; engine: string }>
}
