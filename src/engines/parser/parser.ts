import { z } from 'zod'
import type { ForeignFile } from '../foreign-file.ts'

/** Where in a document something stands, as a person would name it: `page` xii, `sheet` Бюджет, `slide` 3, the heading of a `section`, the subject of a `message`, the path of an `entry` in an archive. */
export const Place = z.object({
  kind: z.enum(['page', 'sheet', 'slide', 'section', 'message', 'entry']),
  label: z.string(),
})
export type Place = z.infer<typeof Place>

/** Rows of plain cells, all of one length. Where `header`, the first row names the columns; a table that runs over several pages has it on each. */
export const ParsedTable = z.object({ rows: z.array(z.array(z.string())), header: z.boolean() })
export type ParsedTable = z.infer<typeof ParsedTable>

/** A picture as it lies in the document. `alt` is what the author says of it. */
export const ParsedPicture = z.object({
  mime: z.string(),
  bytes: z.instanceof(Uint8Array),
  alt: z.string().optional(),
})
export type ParsedPicture = z.infer<typeof ParsedPicture>

/** Level 1…6. */
export const ParsedHeading = z.object({ level: z.number().int().min(1).max(6), text: z.string() })
export type ParsedHeading = z.infer<typeof ParsedHeading>

/** A line of the table of contents; `page` is the number of a `ParsedPage`. */
export const OutlineItem = z.object({
  title: z.string(),
  level: z.number().int().min(1),
  page: z.number().int().min(1),
})
export type OutlineItem = z.infer<typeof OutlineItem>

/**
 * One page of a document: its text, or a picture of it where it wants to be recognised. Page numbers from 1. A sheet, a slide, a chapter, a letter
 * is a page too; a long one goes on over several, with the same place.
 */
export const ParsedPage = z.object({
  number: z.number().int(),
  /** `read`: `text` is all of it. `scan`: `image` shows it; `text` is what little the file itself says, for when recognition finds nothing. */
  state: z.enum(['read', 'scan', 'empty', 'failed']),
  text: z.string(),
  /** PNG or JPEG bytes of a scanned page. */
  image: z.instanceof(Uint8Array).optional(),
  /** Why a page failed: a code such as `engine.crashed`, or the reader's own words. */
  error: z.string().optional(),
  place: Place.optional(),
  /** The text with its headings, lists, links and tables, as GitHub's Markdown without HTML. Absent where there is no structure: `text` is shown as it stands then. */
  markdown: z.string().optional(),
  tables: z.array(ParsedTable).optional(),
  /** Only where they are asked for. */
  pictures: z.array(ParsedPicture).optional(),
  headings: z.array(ParsedHeading).optional(),
})
export type ParsedPage = z.infer<typeof ParsedPage>

export interface ParserOptions {
  readonly signal?: AbortSignal | undefined
  /** Pages that are known already: counted, but not handed over, and not opened where that can be helped. */
  readonly skip?: ReadonlySet<number> | undefined
  /** Of an encrypted PDF. Another document does without. */
  readonly password?: string | undefined
  /** Whether pages bring their pictures; they do not unless told. */
  readonly pictures?: boolean | undefined
  /** The share of the pages that were handed over or skipped, 0…1. */
  readonly onProgress?: ((share: number) => void) | undefined
  /** Called with each page once, as it is ready, in order; a slow reader is waited for. What it throws ends the parsing. */
  onPage(page: ParsedPage, total: number): Promise<void> | void
}

export interface ParsedDocument {
  readonly title: string
  readonly total: number
  /** `driver/reader`. */
  readonly engine: string
  /** In reading order; absent where the document has none. */
  readonly outline?: readonly OutlineItem[] | undefined
}

/**
 * Foreign documents as text with places. Rejects with `file.encrypted`, `file.wrong_password`, `file.unreadable`, `file.too_many_pages`,
 * `file.bomb`, `file.unsupported`, …
 */
export interface Parser {
  readonly name: string
  /** Where it can be known beforehand that it cannot work, the error it would fail with. */
  missing?(): Promise<Error | null>
  /** Every page from 1 to `total`, but those to skip, has been handed over when this resolves; what could not be read is `failed`, not left out. */
  parse(
    document: ForeignFile & { readonly mime: string; readonly name: string },
    options: ParserOptions,
  ): Promise<ParsedDocument>
}
