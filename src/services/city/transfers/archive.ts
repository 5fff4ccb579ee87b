import { Readable } from 'node:stream'
import type { Files } from '../../../platform/files/files.ts'

/** One file of an archive. `open` is called when its turn comes, so that one is open at a time. */
export interface Piece {
  readonly name: string
  /** Pictures, sound and video do not get smaller by packing. */
  readonly packed: boolean
  open(): Promise<Readable>
}

/** Writes a ZIP of pieces as one stream, piece by piece; nothing is held whole. The stream fails with the first piece that does. `mtime` is what each file is dated. */
export async function zipOf(pieces: readonly Piece[], mtime: Date, signal: AbortSignal): Promise<Readable> {
  const { ZipFile } = await import('yazl')
  const zip = new ZipFile()
  const out = Readable.from(zip.outputStream, { objectMode: false })
  const stop = () => out.destroy(asError(signal.reason))
  signal.addEventListener('abort', stop, { once: true })
  out.once('close', () => signal.removeEventListener('abort', stop))
  zip.on('error', (cause) => out.destroy(asError(cause)))
  for (const { name, packed, open } of pieces)
    zip.addReadStreamLazy(name, { mtime, compress: packed }, (give) => {
      open().then(
        (stream) => give(null, stream),
        (cause: unknown) => give(cause, Readable.from([])),
      )
    })
  zip.end()
  return out
}

const asError = (cause: unknown): Error => (cause instanceof Error ? cause : new Error('stopped'))

/** A piece of words that are made while they are written. */
export const words = (name: string, make: () => AsyncIterable<string>): Piece => ({
  name,
  packed: true,
  open: async () => Readable.from(make(), { objectMode: false }),
})

export interface FilePiece {
  readonly id: string
  readonly name: string
  readonly mime: string
  readonly sha256: string
}

/** A piece of stored bytes. */
export const bytes = (files: Files, file: FilePiece, done: () => void): Piece => ({
  name: pathOf(file),
  packed: !/^(image|audio|video)\//.test(file.mime),
  async open() {
    done()
    return await files.open(file.sha256)
  },
})

/** Where a file stands within its archive: its id keeps it apart from others of the same name, and of the name only what no system trips over is left. */
export const pathOf = ({ id, name }: { readonly id: string; readonly name: string }): string =>
  `files/${id}/${safe(name)}`

const MAX_NAME = 80

function safe(name: string): string {
  const plain = name.replace(/[^\p{L}\p{M}\p{N}._() -]/gu, '_').replace(/^[. ]+|[. ]+$/g, '')
  const dot = plain.lastIndexOf('.')
  const extension = dot > 0 && plain.length - dot <= 12 ? plain.slice(dot) : ''
  const stem = plain.slice(0, plain.length - extension.length)
  return (stem.slice(0, MAX_NAME).replace(/[\uD800-\uDBFF]$/, '') || 'file') + extension
}

/** Values as one JSON array, one value a line. */
export async function* jsonArray(pages: AsyncIterable<readonly unknown[]>): AsyncGenerator<string> {
  let before = '['
  for await (const page of pages)
    for (const value of page) {
      yield `${before}\n${JSON.stringify(value)}`
      before = ','
    }
  yield before === '[' ? '[]\n' : '\n]\n'
}
