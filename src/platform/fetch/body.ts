import type { Readable, Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { fetchError } from './fetch.errors.ts'

/** Reads a body, unpacked as it comes, and stops at the first byte beyond the limit, packed or unpacked. */
export async function readBody(
  body: Readable,
  encoding: string | undefined,
  host: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const unpack = unpacker(encoding, host)
  const tooLarge = fetchError('fetch.too_large', { host, limitKb: Math.floor(maxBytes / 1000) })
  const pieces: Uint8Array[] = []
  let total = 0
  const source = unpack ? body.pipe(unpack) : body
  // What breaks in the packed stream must end the unpacked one, which `pipe` does not see to.
  body.on('error', (failure) => unpack?.destroy(failure))
  const stop = () => source.destroy(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    for await (const piece of source) {
      total += piece.length
      if (total > maxBytes) throw tooLarge
      pieces.push(piece)
    }
  } catch (cause) {
    if (cause === tooLarge || signal.aborted) throw cause
    throw fetchError('fetch.broken', { host }, { cause })
  } finally {
    signal.removeEventListener('abort', stop)
    body.on('error', () => undefined).destroy()
    unpack?.on('error', () => undefined).destroy()
  }
  return Buffer.concat(pieces, total)
}

/** One packing at most: several on top of each other are only made to hide their size. */
function unpacker(encoding: string | undefined, host: string): Transform | null {
  switch (encoding?.trim().toLowerCase() ?? '') {
    case '':
    case 'identity':
      return null
    case 'gzip':
    case 'x-gzip':
      return createGunzip()
    case 'deflate':
      return createInflate()
    case 'br':
      return createBrotliDecompress()
    default:
      throw fetchError('fetch.broken', { host })
  }
}
