import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib'
import { AppError } from '../../kernel/errors.ts'
import { engineError } from '../engine.errors.ts'

/** One file within a ZIP, as its central directory tells it. */
export interface ZipEntry {
  readonly name: string
  readonly method: number
  readonly isEncrypted: boolean
  readonly crc: number
  readonly packedBytes: number
  readonly unpackedBytes: number
  /** Where its local header stands. */
  readonly offset: number
}

export interface ZipLimits {
  /** Of all entries together, those of ZIPs within the ZIP too. */
  readonly maxUnpackedBytes: number
  /** Unpacked over packed, for what is larger than 10 MB unpacked. */
  readonly maxRatio: number
  readonly maxEntries: number
  /** How many ZIPs deep; 1 allows a workbook within a letter. */
  readonly maxDepth: number
}

export const ZIP_LIMITS: ZipLimits = {
  maxUnpackedBytes: 200 * (1 << 20),
  maxRatio: 150,
  maxEntries: 5_000,
  maxDepth: 4,
}

/**
 * Unpacks the whole of an archive within `limits`, keeping nothing, so that what a header conceals is found out too. Throws `file.bomb`,
 * `file.encrypted` and, where it is cut short or a checksum is wrong, `file.unreadable`. Format: PKWARE APPNOTE 6.3.
 */
export async function guardZip(bytes: Uint8Array, limits: ZipLimits = ZIP_LIMITS): Promise<void> {
  await guard(bytes, limits, { bytes: 0, entries: 0 }, 1)
}

/** What an entry holds. Throws as `guardZip` does; no more than `maxBytes` are ever unpacked. */
export function unzip(bytes: Uint8Array, entry: ZipEntry, maxBytes: number): Uint8Array {
  if (entry.isEncrypted) throw engineError('file.encrypted')
  const packed = packedBytes(bytes, entry)
  if (entry.method === STORED) {
    if (packed.length > maxBytes) throw engineError('file.bomb')
    return packed
  }
  if (entry.method !== DEFLATED) throw engineError('file.unreadable')
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, maxBytes) })
  } catch (cause) {
    const isTooLarge = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE'
    throw engineError(isTooLarge ? 'file.bomb' : 'file.unreadable', {}, { cause })
  }
}

/** The central directory. Throws `file.unreadable` where there is none that holds together. */
export function listZip(bytes: Uint8Array): readonly ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = findEnd(view)
  if (end < 0) throw engineError('file.unreadable')
  const count = view.getUint16(end + 10, true)
  let at = view.getUint32(end + 16, true)
  // 64-bit archives and those of several volumes are no documents.
  if (count === 0xffff || at === 0xffffffff || view.getUint16(end + 4, true) !== 0)
    throw engineError('file.unreadable')
  const entries: ZipEntry[] = []
  for (let index = 0; index < count; index++) {
    if (at + 46 > end || view.getUint32(at, true) !== 0x02014b50) throw engineError('file.unreadable')
    const nameBytes = view.getUint16(at + 28, true)
    entries.push({
      name: Buffer.from(bytes.subarray(at + 46, at + 46 + nameBytes)).toString('utf8'),
      isEncrypted: (view.getUint16(at + 8, true) & 1) === 1,
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packedBytes: view.getUint32(at + 20, true),
      unpackedBytes: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    })
    at += 46 + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
  }
  return entries
}

const STORED = 0
const DEFLATED = 8
const MAY_BE_LARGE_BYTES = 10 * (1 << 20)

async function guard(
  bytes: Uint8Array,
  limits: ZipLimits,
  spent: { bytes: number; entries: number },
  depth: number,
): Promise<void> {
  const entries = listZip(bytes)
  const declared = entries.reduce((sum, entry) => sum + entry.unpackedBytes, 0)
  spent.entries += entries.length
  const isBomb =
    spent.entries > limits.maxEntries ||
    spent.bytes + declared > limits.maxUnpackedBytes ||
    (declared > MAY_BE_LARGE_BYTES && declared > bytes.length * limits.maxRatio) ||
    // Entries that share their packed bytes.
    entries.reduce((sum, entry) => sum + entry.packedBytes, 0) > bytes.length
  if (isBomb) throw engineError('file.bomb')
  for (const entry of entries) {
    const left = limits.maxUnpackedBytes - spent.bytes
    const largest = Math.min(left, Math.max(MAY_BE_LARGE_BYTES, entry.packedBytes * limits.maxRatio))
    const found = await measure(bytes, entry, largest)
    spent.bytes += found.size
    if (found.crc !== entry.crc) throw engineError('file.unreadable')
    if (isZip(found.start)) {
      if (depth >= limits.maxDepth) throw engineError('file.bomb')
      await guard(unzip(bytes, entry, found.size), limits, spent, depth + 1)
    }
  }
}

interface Measured {
  readonly size: number
  readonly crc: number
  readonly start: Uint8Array
}

/** Unpacks an entry piece by piece and keeps its first bytes alone. */
async function measure(bytes: Uint8Array, entry: ZipEntry, maxBytes: number): Promise<Measured> {
  if (entry.method === STORED || entry.isEncrypted) {
    const content = unzip(bytes, entry, maxBytes)
    return { size: content.length, crc: crc32(content), start: content.subarray(0, 4) }
  }
  if (entry.method !== DEFLATED) throw engineError('file.unreadable')
  const inflate = createInflateRaw({ chunkSize: 1 << 18 })
  inflate.end(packedBytes(bytes, entry))
  let size = 0
  let crc = 0
  let start: Uint8Array = new Uint8Array(0)
  try {
    for await (const piece of inflate as AsyncIterable<Buffer>) {
      if (size === 0) start = Uint8Array.from(piece.subarray(0, 4))
      size += piece.length
      crc = crc32(piece, crc)
      if (size > maxBytes) throw engineError('file.bomb')
    }
  } catch (cause) {
    throw cause instanceof AppError ? cause : engineError('file.unreadable', {}, { cause })
  } finally {
    inflate.destroy()
  }
  return { size, crc, start }
}

const isZip = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4

function packedBytes(bytes: Uint8Array, { offset, packedBytes: length }: ZipEntry): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (offset + 30 > bytes.length || view.getUint32(offset, true) !== 0x04034b50)
    throw engineError('file.unreadable')
  const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true)
  if (start + length > bytes.length) throw engineError('file.unreadable')
  return bytes.subarray(start, start + length)
}

/** The end record stands last, before a comment of at most 65,535 bytes. */
function findEnd(view: DataView): number {
  const last = view.byteLength - 22
  for (let at = last; at >= 0 && at > last - 65_536; at--)
    if (view.getUint32(at, true) === 0x06054b50) return at
  return -1
}
