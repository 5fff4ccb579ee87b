import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

const BLOCK = 512
const FOLDER = '5'

/** Lays a plain tar, as an engine dumps it, into a folder, readable by its owner alone. Blocks this thread. Throws on a tar that is torn or points outside. */
export function unpack(tar: Uint8Array, folder: string): void {
  const bytes = Buffer.from(tar.buffer, tar.byteOffset, tar.byteLength)
  for (let at = 0; at + BLOCK <= bytes.length && bytes[at] !== 0; ) {
    const text = (from: number, length: number) =>
      bytes.toString('utf8', at + from, at + from + length).replace(/\0.*$/s, '')
    const name = normalize(join(text(345, 155), text(0, 100)))
    const sizeBytes = Number.parseInt(text(124, 12).trim() || '0', 8)
    const begin = at + BLOCK
    if (name.startsWith('..') || !(begin + sizeBytes <= bytes.length))
      throw new Error(`the image of the database is broken at ${name}`)
    const target = join(folder, name)
    if (text(156, 1) === FOLDER) mkdirSync(target, { recursive: true, mode: 0o700 })
    else {
      mkdirSync(dirname(target), { recursive: true, mode: 0o700 })
      writeFileSync(target, bytes.subarray(begin, begin + sizeBytes), { mode: 0o600 })
    }
    at = begin + Math.ceil(sizeBytes / BLOCK) * BLOCK
  }
}
