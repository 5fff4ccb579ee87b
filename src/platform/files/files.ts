import type { Readable } from 'node:stream'

export interface StoredBlob {
  readonly sha256: string
  readonly sizeBytes: number
  /** Sniffed from its bytes; `text/plain` for UTF-8 text, `application/octet-stream` for what nobody knows. */
  readonly mime: string
}

/** Bytes by their sha256. What is stored is fsynced, with its folder, before it is acknowledged. */
export interface Files extends AsyncDisposable {
  /** Stores a stream; refuses with `file.too_large` past the limit and leaves nothing behind. `named` hears what the bytes are called before they stand there, so that whoever removes what nobody uses can leave them. */
  put(
    source: Readable,
    how: { readonly maxBytes: number; readonly named?: (sha256: string) => void },
  ): Promise<StoredBlob>
  /** Opens bytes, or the part `start…end` of them, both inclusive. Rejects with `file.missing`. */
  open(sha256: string, range?: { readonly start: number; readonly end: number }): Promise<Readable>
  read(sha256: string): Promise<Buffer>
  has(sha256: string): Promise<boolean>
  delete(sha256: string): Promise<void>
  /** Where the bytes lie, for a child process that reads them itself. */
  path(sha256: string): string
  ping(): Promise<void>
}
