import { createHash, randomUUID } from 'node:crypto'
import {
  access,
  constants,
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { TextDecoder } from 'node:util'
import { filesError } from './files.errors.ts'
import type { Files, StoredBlob } from './files.ts'
import { HEAD_BYTES, sniff } from './sniff.ts'

/** A megabyte is a million bytes wherever people read or set one. */
const MEGABYTE = 1_000_000

/** What this process is writing: a second opening of the folder must not sweep it. */
const ours = new Set<string>()

export interface DiskOptions {
  /** Made where it is not. */
  readonly folder: string
}

/** Keeps blobs in a folder, at `aa/bb/<sha256>`. What dead processes left half written is swept away first. */
export async function openDisk({ folder }: DiskOptions): Promise<Files> {
  const aside = join(folder, 'tmp')
  await mkdir(aside, { recursive: true, mode: 0o700 })
  await sweep(aside)

  const path = (sha256: string): string => {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw filesError('file.missing')
    return join(folder, sha256.slice(0, 2), sha256.slice(2, 4), sha256)
  }

  return {
    async put(source, { maxBytes, named }) {
      const name = `${process.pid}-${randomUUID()}`
      const temporary = join(aside, name)
      ours.add(name)
      try {
        const stored = await write(source, temporary, maxBytes)
        named?.(stored.sha256)
        await settle(temporary, path(stored.sha256), folder)
        return stored
      } catch (failure) {
        source.destroy()
        await rm(temporary, { force: true })
        throw codeOf(failure) === 'ENOSPC' ? filesError('file.no_space', {}, { cause: failure }) : failure
      } finally {
        ours.delete(name)
      }
    },
    async open(sha256, range) {
      const handle = await found(open(path(sha256)))
      return handle.createReadStream(range && { start: range.start, end: range.end })
    },
    read: async (sha256) => await found(readFile(path(sha256))),
    has: async (sha256) =>
      await access(path(sha256)).then(
        () => true,
        () => false,
      ),
    async delete(sha256) {
      await rm(path(sha256), { force: true })
    },
    path,
    ping: () => access(aside, constants.W_OK),
    [Symbol.asyncDispose]: async () => undefined,
  }
}

async function write(source: Readable, file: string, maxBytes: number): Promise<StoredBlob> {
  const handle = await open(file, 'wx', 0o600)
  try {
    const hash = createHash('sha256')
    const text = new TextDecoder('utf-8', { fatal: true })
    const head: Buffer[] = []
    let utf8 = true
    let sizeBytes = 0
    let headBytes = 0
    for await (const piece of source) {
      const chunk = Buffer.isBuffer(piece) ? piece : Buffer.from(piece)
      sizeBytes += chunk.length
      if (sizeBytes > maxBytes)
        throw filesError('file.too_large', { maxMegabytes: Math.floor((maxBytes / MEGABYTE) * 10) / 10 })
      hash.update(chunk)
      if (headBytes < HEAD_BYTES) {
        head.push(chunk.subarray(0, HEAD_BYTES - headBytes))
        headBytes += chunk.length
      }
      utf8 &&= decodes(text, chunk)
      await writeAll(handle, chunk)
    }
    if (sizeBytes === 0) throw filesError('file.empty')
    utf8 &&= decodes(text)
    await handle.sync()
    return { sha256: hash.digest('hex'), sizeBytes, mime: await sniff(Buffer.concat(head), utf8) }
  } finally {
    await handle.close()
  }
}

async function writeAll(handle: FileHandle, chunk: Buffer): Promise<void> {
  for (let written = 0; written < chunk.length; )
    written += (await handle.write(chunk, written, chunk.length - written)).bytesWritten
}

function decodes(text: TextDecoder, chunk?: Buffer): boolean {
  try {
    text.decode(chunk, { stream: chunk !== undefined })
    return true
  } catch {
    return false
  }
}

/** Renames into place, and makes the name, with the folders that lead to it, as durable as the bytes. */
async function settle(temporary: string, target: string, root: string): Promise<void> {
  const near = dirname(target)
  const made = await mkdir(near, { recursive: true, mode: 0o700 })
  await rename(temporary, target)
  await sync(near)
  if (made === undefined) return
  await sync(dirname(near))
  await sync(root)
}

async function sync(folder: string): Promise<void> {
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function found<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') throw filesError('file.missing', {}, { cause })
    throw cause
  }
}

/** A temporary file's name begins with its writer's pid; that of a living other process stays. */
async function sweep(aside: string): Promise<void> {
  for (const name of await readdir(aside)) {
    const pid = Number(name.split('-')[0])
    if (pid === process.pid && ours.has(name)) continue
    if (pid !== process.pid && alive(pid)) continue
    await rm(join(aside, name), { force: true })
  }
}

function alive(pid: number): boolean {
  try {
    return Number.isInteger(pid) && process.kill(pid, 0)
  } catch (failure) {
    return codeOf(failure) === 'EPERM'
  }
}

const codeOf = (failure: unknown): unknown =>
  failure instanceof Error && 'code' in failure ? failure.code : undefined
