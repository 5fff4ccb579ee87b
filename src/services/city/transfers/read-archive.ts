import { createReadStream } from 'node:fs'
import { open as openFile, stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Entry, ZipFile } from 'yauzl'
import { AppError } from '../../../kernel/errors.ts'
import { transferError } from '../transfers.errors.ts'
import { type JsonPath, jsonPieces, type Piece, type Verdict } from './json-pieces.ts'

/** An archive of another place, open for reading entry by entry. Nothing is ever written by an entry's name. */
export interface ReadArchive extends AsyncDisposable {
  readonly names: readonly string[]
  /** Names that lead out of the archive, or nowhere: their entries are not looked at. */
  readonly refused: readonly string[]
  has(name: string): boolean
  open(name: string): Promise<Readable>
  /** Lines of text, each within the bound of one value. */
  lines(name: string): AsyncGenerator<string>
  /** The values of a file of JSON that are asked for, as they come. */
  pieces(name: string, judge: (path: JsonPath) => Verdict): AsyncGenerator<Piece>
}

export interface ArchiveLimits {
  readonly maxEntries: number
  /** Of all entries together, unpacked. */
  readonly maxUnpackedBytes: number
  /** Unpacked over packed, for what is larger than 10 MB unpacked. */
  readonly maxRatio: number
  /** Of one value of JSON, such as a message with all that hangs on it: it is parsed at once. */
  readonly maxValueBytes: number
}

export const ARCHIVE_LIMITS: ArchiveLimits = {
  maxEntries: 200_000,
  maxUnpackedBytes: 16 * 2 ** 30,
  maxRatio: 200,
  maxValueBytes: 8 * 2 ** 20,
}

const MAY_BE_LARGE_BYTES = 10 * 2 ** 20
/** The one entry of what is no ZIP. */
export const BARE = 'bare.json'

/** Opens a ZIP, or a bare file as an archive of one entry, `BARE`. Throws `transfer.archive_unreadable` and `transfer.archive_bomb`. */
export async function readArchive(
  path: string,
  limits: ArchiveLimits = ARCHIVE_LIMITS,
): Promise<ReadArchive> {
  const handle = await openFile(path)
  const head = Buffer.alloc(4)
  try {
    await handle.read(head, 0, 4, 0)
  } finally {
    await handle.close()
  }
  const isZip = head.readUInt32LE(0) === 0x04034b50 || head.readUInt32LE(0) === 0x06054b50
  return isZip ? await readZip(path, limits) : bareFile(path, limits)
}

function bareFile(path: string, limits: ArchiveLimits): ReadArchive {
  return withText(limits, {
    names: [BARE],
    refused: [],
    has: (name) => name === BARE,
    open: async () => createReadStream(path),
    async [Symbol.asyncDispose]() {},
  })
}

async function readZip(path: string, limits: ArchiveLimits): Promise<ReadArchive> {
  const { fromFd } = await import('yauzl')
  const { size: archiveBytes } = await stat(path)
  const handle = await openFile(path)
  let zip: ZipFile
  try {
    zip = await new Promise<ZipFile>((resolve, reject) => {
      // Names are judged here, so that one bad name is left out rather than ending everything.
      const how = { lazyEntries: true, autoClose: false, decodeStrings: false, validateEntrySizes: true }
      fromFd(handle.fd, how, (cause, opened) => (cause ? reject(cause) : resolve(opened)))
    })
  } catch (cause) {
    await handle.close()
    throw transferError('transfer.archive_unreadable', {}, { cause })
  }
  try {
    const { entries, refused } = await listed(zip, limits, archiveBytes)
    const entryOf = (name: string): Entry => {
      const entry = entries.get(name)
      if (!entry) throw transferError('transfer.archive_unreadable')
      return entry
    }
    return withText(limits, {
      names: [...entries.keys()],
      refused,
      has: (name) => entries.has(name),
      open: (name) =>
        new Promise<Readable>((resolve, reject) =>
          zip.openReadStream(entryOf(name), (cause, stream) =>
            cause ? reject(transferError('transfer.archive_unreadable', {}, { cause })) : resolve(stream),
          ),
        ),
      [Symbol.asyncDispose]: () => handle.close(),
    })
  } catch (cause) {
    await handle.close()
    throw cause
  }
}

/** All entries that are files, by name. What an archive says of itself is believed no further than it can be checked while it is read. */
async function listed(zip: ZipFile, limits: ArchiveLimits, archiveBytes: number) {
  const { validateFileName } = await import('yauzl')
  if (zip.entryCount > limits.maxEntries) throw transferError('transfer.archive_bomb')
  const entries = new Map<string, Entry>()
  const refused: string[] = []
  let unpacked = 0
  let packed = 0
  const take = (entry: Entry): void => {
    // With `decodeStrings: false` a name is its bytes.
    const name = Buffer.from(entry.fileName as unknown as Uint8Array).toString('utf8')
    unpacked += entry.uncompressedSize
    packed += entry.compressedSize
    const isBomb =
      unpacked > limits.maxUnpackedBytes ||
      packed > archiveBytes ||
      (entry.uncompressedSize > MAY_BE_LARGE_BYTES &&
        entry.uncompressedSize > entry.compressedSize * limits.maxRatio)
    if (isBomb) throw transferError('transfer.archive_bomb')
    if (entry.isEncrypted()) throw transferError('transfer.archive_unreadable')
    if (name.endsWith('/')) return
    if (validateFileName(name) !== null || entries.has(name)) refused.push(name)
    else entries.set(name, entry)
  }
  await new Promise<void>((resolve, reject) => {
    zip.on('error', (cause) => reject(transferError('transfer.archive_unreadable', {}, { cause })))
    zip.on('end', resolve)
    zip.on('entry', (entry: Entry) => {
      try {
        take(entry)
        zip.readEntry()
      } catch (cause) {
        reject(cause)
      }
    })
    zip.readEntry()
  })
  return { entries, refused }
}

type Opened = AsyncDisposable & Pick<ReadArchive, 'names' | 'refused' | 'has' | 'open'>

function withText({ maxValueBytes: maxBytes }: ArchiveLimits, opened: Opened): ReadArchive {
  const tooLarge = () => transferError('transfer.json_too_large', { limitMb: maxBytes / 2 ** 20 })
  return {
    names: opened.names,
    refused: opened.refused,
    has: opened.has,
    open: opened.open,
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    async *lines(name) {
      const stream = await opened.open(name)
      let since = 0
      // A line without an end would grow without a bound.
      stream.on('data', (piece: Buffer) => {
        since = piece.includes(10) ? piece.length : since + piece.length
        if (since > maxBytes) stream.destroy(tooLarge())
      })
      const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })
      let failure: unknown
      stream.once('error', (cause) => {
        failure = cause
        lines.close()
      })
      try {
        for await (const line of lines) yield line
        if (failure !== undefined) throw unreadable(failure)
      } finally {
        stream.destroy()
      }
    },
    async *pieces(name, judge) {
      const stream = await opened.open(name)
      try {
        yield* jsonPieces(stream, { judge, maxBytes, tooLarge })
      } catch (cause) {
        throw unreadable(cause)
      } finally {
        stream.destroy()
      }
    },
  }
}

const unreadable = (cause: unknown): unknown =>
  cause instanceof AppError ? cause : transferError('transfer.archive_unreadable', {}, { cause })
