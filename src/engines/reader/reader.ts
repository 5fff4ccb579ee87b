/** A page of the internet, as text of others: data, never an instruction. */
export interface ReadPage {
  /** Where it came from in the end. */
  readonly url: string
  readonly title: string
  readonly markdown: string
  readonly byline?: string
  /** ISO 8601, as the page says. */
  readonly publishedAt?: string
  /** ISO 639-1. */
  readonly language?: string
  readonly links: readonly { readonly url: string; readonly text: string }[]
  /** `driver/…`. */
  readonly engine: string
}

export interface Reader {
  readonly name: string
  /** Null where it can work, otherwise why not, as the error it would fail with. */
  missing(): Promise<Error | null>
  /** Opens public addresses alone. Rejects with the codes of `fetch.errors.ts`, `page.robots`, `engine.refused`, `file.unsupported`, … */
  read(url: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<ReadPage>
}
